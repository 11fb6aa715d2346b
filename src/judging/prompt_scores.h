// How well pictures fit their prompts, as CLIP sees it.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <string>
#include <vector>

#include "judging/picture_source.h"
#include "metrics/clip_judge.h"
#include "metrics/scores.h"

namespace fdbench {

/// clip_score, pick_score.
const std::vector<std::string>& prompt_score_names();
bool is_prompt_score(const std::string& name);

/// Pictures with CLIP's embeddings of them, [n, d], and a caption each.
struct CaptionedPictures {
  const PictureSource& pictures;
  const at::Tensor& image_embeds;
  const std::vector<std::string>& captions;
};

/// Mean over the pictures, with its bootstrap interval. clip_folder: for messages. Throws a runtime
/// error for embeddings that have no direction.
Score prompt_score(const std::string& name, const CaptionedPictures& judged, const ClipJudge& clip,
                   const std::filesystem::path& clip_folder, const ScoreOptions& options);

}  // namespace fdbench
