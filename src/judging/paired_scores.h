// Distances of pictures from those of another method for the same prompts and seeds.
#pragma once

#include <string>
#include <vector>

#include "judging/judged_pictures.h"
#include "judging/picture_source.h"
#include "metrics/scores.h"

namespace fdbench {

/// psnr, ssim, perceptual.
const std::vector<std::string>& paired_score_names();
bool is_paired_score(const std::string& name);

/// Throws a usage error for pictures that are too small for ssim.
void check_window(const PictureSource& pictures);

/// Means over the pairs, in the order of `names`, with bootstrap intervals; `psnr` is over the
/// pairs that differ, infinite where none does, and its remark says how many are identical. Both
/// sources are in one order (match_pairs). Throws a runtime error for a distance that is not a
/// number.
std::vector<Score> paired_scores(PictureSource pictures, PictureSource others,
                                 const std::vector<std::string>& names, JudgedPictures& judges,
                                 const ScoreOptions& options);

}  // namespace fdbench
