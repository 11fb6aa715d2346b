// Makes the pictures of a work unit, with features and the grid that really ran.
#pragma once

#include <functional>

#include "pipelines/text_to_image.h"
#include "results/unit_file.h"
#include "sweep/prepared_sweep.h"
#include "sweep/work_units.h"

namespace fdbench {

/// Names of the arrays of a `pictures` unit; n pictures, S steps of the run.
namespace picture_arrays {
inline constexpr const char* kLatents = "/latents";     // [n, c, h, w] float32
inline constexpr const char* kImages = "/images";       // [n, H, W, 3] uint8
inline constexpr const char* kRan = "/ran";             // [S, L] uint8
inline constexpr const char* kCalls = "/calls";         // [2]: network calls, steps with a call
inline constexpr const char* kFeatures = "/features/";  // + mse, frobenius, mean, std: [n, S, B]
}  // namespace picture_arrays

/// done: called after each batch with the number of pictures made so far.
Arrays make_pictures(const PreparedSweep& sweep, const TextToImagePipeline& pipeline,
                     const WorkUnit& unit, const std::function<void(std::int64_t)>& done);

/// Conditioning of some prompts and, with guidance, of as many pictures without a prompt, for
/// pictures of the sweep's size.
struct PromptPair {
  Conditioning conditional, unconditional;
};
PromptPair encode_pair(const PreparedSweep& sweep, const TextToImagePipeline& pipeline,
                       const std::vector<std::string>& prompts);

}  // namespace fdbench
