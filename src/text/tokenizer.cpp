#include "text/tokenizer.h"

#include "core/error.h"
#include "text/clip_tokenizer.h"
#include "text/word_piece_tokenizer.h"

namespace fdbench {

std::unique_ptr<Tokenizer> open_tokenizer(const std::filesystem::path& folder,
                                          const std::vector<LearnedToken>& learned) {
  if (!is_word_piece_folder(folder)) return std::make_unique<CLIPTokenizer>(folder, learned);
  if (!learned.empty()) {
    throw usage_error({folder.string()}, "is no CLIP tokenizer, and learned words need one");
  }
  return std::make_unique<WordPieceTokenizer>(folder);
}

}  // namespace fdbench
