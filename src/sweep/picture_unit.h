// Makes the pictures of a work unit, with features and the grid that really ran.
#pragma once

#include <functional>
#include <string>

#include "core/error.h"
#include "pipelines/text_to_image.h"
#include "results/unit_file.h"
#include "sweep/interrupt.h"
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

/// Conditioning of the prompts of pictures first .. first + count - 1 and, where the batch has an
/// unconditional half, of their negative prompts (without any: see encode_no_prompt), for pictures
/// of the sweep's size.
struct PromptPair {
  Conditioning conditional, unconditional;
};
PromptPair encode_pair(const PreparedSweep& sweep, const TextToImagePipeline& pipeline,
                       std::int64_t first, std::int64_t count);

/// Runs an action; a runtime fault of it is told with the run and its pictures.
template <typename Action>
auto of_pictures(const PreparedRun& run, std::int64_t first, std::int64_t count,
                 const Action& action) {
  try {
    return action();
  } catch (const Interrupted&) {
    throw;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kRuntime) throw;
    throw runtime_error("run '" + run.spec.name + "', " + (count == 1 ? "picture " : "pictures ") +
                        std::to_string(first) +
                        (count == 1 ? "" : " to " + std::to_string(first + count - 1)) +
                        " (counted from 0): " + error.what());
  }
}

}  // namespace fdbench
