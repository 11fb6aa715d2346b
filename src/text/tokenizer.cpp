#include "text/tokenizer.h"

#include "text/clip_tokenizer.h"
#include "text/word_piece_tokenizer.h"

namespace fdbench {

std::unique_ptr<Tokenizer> open_tokenizer(const std::filesystem::path& folder) {
  if (is_word_piece_folder(folder)) return std::make_unique<WordPieceTokenizer>(folder);
  return std::make_unique<CLIPTokenizer>(folder);
}

}  // namespace fdbench
