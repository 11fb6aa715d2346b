#include "tasks/prompt_limits.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "core/notes.h"
#include "text/clip_tokenizer.h"
#include "text/cut_prompts.h"

namespace fdbench {
namespace {

constexpr std::int64_t kClipTokens = 77;

std::int64_t positions_of(const ModelFolder& folder, const std::string& encoder) {
  const nlohmann::json config = folder.config(encoder);
  const nlohmann::json found =
      config.is_object() ? config.value("max_position_embeddings", nlohmann::json()) : config;
  return found.is_number_integer() ? found.get<std::int64_t>() : kClipTokens;
}

}  // namespace

void warn_of_cut_prompts(const ModelFolder& folder, const std::vector<std::string>& prompts) {
  if (folder.synthetic()) return;
  std::vector<CLIPTokenizer> tokenizers;
  std::int64_t limit = std::numeric_limits<std::int64_t>::max();
  for (const std::string number : {"", "_2"}) {
    if (!folder.has("tokenizer" + number) || !folder.has("text_encoder" + number)) continue;
    tokenizers.emplace_back(folder.part_path("tokenizer" + number),
                            folder.learned_tokens("text_encoder" + number));
    limit = std::min({limit, tokenizers.back().model_max_length(),
                      positions_of(folder, "text_encoder" + number)});
  }
  for (const CLIPTokenizer& tokenizer : tokenizers) {
    std::vector<std::string> written_out;
    for (const std::string& prompt : prompts) {
      written_out.push_back(tokenizer.with_all_vectors(prompt));
    }
    const std::string message = about_cut_prompts(tokenizer, limit, written_out);
    if (!message.empty()) return say_warning(message);
  }
}

}  // namespace fdbench
