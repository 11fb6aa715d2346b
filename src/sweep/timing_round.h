// One timing round: every run of the sweep makes the same picture, one after the other in shuffled
// order.
#pragma once

#include "pipelines/text_to_image.h"
#include "results/unit_file.h"
#include "sweep/picture_unit.h"
#include "sweep/prepared_sweep.h"

namespace fdbench {

/// Names of the arrays of a `timing` unit, one value a run; the seconds are float64, the rest
/// int32.
namespace timing_arrays {
inline constexpr const char* kSeconds[] = {"/text_encoder_s", "/unet_s", "/vae_s", "/total_s"};
inline constexpr const char* kProcessor = "/denoise_cpu_s";
inline constexpr const char* kOrder = "/order";
inline constexpr const char* kCalls = "/unet_calls";
inline constexpr const char* kPeakMemory = "/peak_memory";  // int64
inline constexpr const char* kHeldMemory = "/held_memory";  // int64
inline constexpr const char* kLayers = "/layer_s";          // one value a layer
inline constexpr const char* kProcess = "/process";    // int64, one value: who measured the round
inline constexpr const char* kSteal = "/steal_share";  // of the round as a whole: one value
inline constexpr const char* kOthers = "/others_share";
inline constexpr const char* kClock = "/processor_mhz";
}  // namespace timing_arrays

/// A run's latent of one picture, and how long it took.
struct TimedLatent {
  DenoiseResult result;
  double total_s = 0;  // the whole loop: network and sampler
};

/// Makes the latent of picture `picture` from its own noise, without observing anything. The clock
/// starts when noise and sampler are ready. pair: text states of batch 1.
TimedLatent time_latent(const PreparedSweep& sweep, const Denoiser& denoiser,
                        const PreparedRun& run, std::int64_t picture, const PromptPair& pair);

/// Every run makes `experiment.timing.warmup` pictures that are not timed.
void warm_up(const PreparedSweep& sweep, const TextToImagePipeline& pipeline);

/// The picture of round n is prompt n (from the start again after the last). Nothing is observed or
/// printed meanwhile.
Arrays time_round(const PreparedSweep& sweep, const TextToImagePipeline& pipeline, int round);

/// The order of the runs in a round: a permutation that depends on the seed and the round only.
std::vector<int> shuffled_runs(int num_runs, std::uint64_t seed, int round);

}  // namespace fdbench
