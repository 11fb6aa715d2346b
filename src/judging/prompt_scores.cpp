#include "judging/prompt_scores.h"

#include "core/error.h"

namespace fdbench {
namespace {

constexpr const char* kClipScore = "clip_score";
constexpr const char* kPickScore = "pick_score";

/// Throws for an embedding that is not a number or has no direction. name: of a row, "picture
/// 0.png".
template <typename Name>
void check_embeds(const at::Tensor& embeds, const std::filesystem::path& clip, const Name& name) {
  const at::Tensor bad =
      at::logical_or(at::isfinite(embeds).all(1).logical_not(), embeds.eq(0).all(1));
  if (!bad.any().item<bool>()) return;
  throw runtime_error({clip.string()}, "sees " + name(first_true(bad)) +
                                           " as an embedding without a direction (zeros, or "
                                           "values that are not finite)");
}

}  // namespace

const std::vector<std::string>& prompt_score_names() {
  static const std::vector<std::string> names = {kClipScore, kPickScore};
  return names;
}

bool is_prompt_score(const std::string& name) { return name == kClipScore || name == kPickScore; }

Score prompt_score(const std::string& name, const CaptionedPictures& judged, const ClipJudge& clip,
                   const std::filesystem::path& clip_folder, const ScoreOptions& options) {
  clip.warn_of_cut_prompts(judged.captions);
  const at::Tensor texts = clip.text_embeds(judged.captions);
  check_embeds(judged.image_embeds, clip_folder,
               [&](std::int64_t i) { return judged.pictures.name(i); });
  check_embeds(texts, clip_folder, [&](std::int64_t i) { return "prompt " + std::to_string(i); });
  const at::Tensor values = name == kClipScore ? clip_scores(judged.image_embeds, texts)
                                               : clip.scale() * cosines(judged.image_embeds, texts);
  return mean_score(name, values, options);
}

}  // namespace fdbench
