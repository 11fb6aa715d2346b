#include "sweep/timing_round.h"

#include <ATen/Parallel.h>

#include <chrono>
#include <numeric>
#include <random>

#include "core/device.h"
#include "core/interrupt.h"
#include "core/processor_time.h"
#include "execution/guidance.h"
#include "profiling/machine_load.h"
#include "profiling/process_memory.h"
#include "results/unit_arrays.h"
#include "sweep/picture_unit.h"
#include "sweep/timing_process.h"
#include "tasks/picture_noise.h"

namespace fdbench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kLayerCalls =
    7;  // of which the median counts: one call is at the mercy of its moment

/// Seconds of one picture.
struct PictureTimes {
  double text_encoder_s = 0, unet_s = 0, vae_s = 0, total_s = 0;
  double denoise_cpu_s = 0;
  int unet_calls = 0;
  std::int64_t peak_memory = 0, held_memory = 0;
};

double seconds_between(Clock::time_point start, Clock::time_point end) {
  return std::chrono::duration<double>(end - start).count();
}

PictureTimes time_picture(const PreparedSweep& sweep, const TextToImagePipeline& pipeline,
                          const PreparedRun& run, std::int64_t picture) {
  synchronize(pipeline.device());
  const PeakMemory memory(pipeline.device());
  const auto start = Clock::now();
  const PromptPair pair = encode_pair(sweep, pipeline, picture, 1);
  synchronize(pipeline.device());
  const auto encoded = Clock::now();
  const double before = process_processor_seconds();
  const TimedLatent made = time_latent(sweep, pipeline.unet(), run, picture, pair);
  const double denoise_cpu_s = process_processor_seconds() - before;
  const auto denoised = Clock::now();
  of_pictures(run, picture, 1, [&] { return pipeline.decode(made.result.latents); });
  const auto decoded = Clock::now();
  const double text_encoder_s = seconds_between(start, encoded);
  const double vae_s = seconds_between(denoised, decoded);
  return {text_encoder_s, made.result.unet_seconds,
          vae_s,          text_encoder_s + made.total_s + vae_s,
          denoise_cpu_s,  made.result.num_calls,
          memory.bytes(), made.result.peak_held_bytes};
}

/// A clock for layers [s]: of one thread on the CPU its processor time, which waiting for a core
/// that others keep busy does not lengthen.
double layer_clock(const at::Device& device) {
  if (device.is_cpu() && at::get_num_threads() == 1) return thread_processor_seconds();
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

/// Seconds of each layer in one whole network call for one picture, guidance included: median of
/// `kLayerCalls` calls after one that is not timed.
at::Tensor time_layers(const PreparedSweep& sweep, const TextToImagePipeline& pipeline) {
  const std::int64_t batch = sweep.guided() ? 2 : 1;
  const std::vector<std::int64_t> indices(static_cast<std::size_t>(batch), 0);
  const at::Tensor latents =
      PictureNoise(sweep.experiment.seed, indices, sweep.latent_shape).draw();
  const PromptPair pair = encode_pair(sweep, pipeline, 0, 1);
  const Conditioning conditioning =
      with_guidance(pipeline.unet(), pair.conditional, sweep.experiment.guidance_scale);
  const auto num_layers = static_cast<std::int64_t>(sweep.layers.size());
  at::Tensor seconds = at::zeros({kLayerCalls + 1, num_layers}, at::kDouble);
  double* row = seconds.mutable_data_ptr<double>();
  for (int call = 0; call <= kLayerCalls; ++call, row += num_layers) {
    double last = layer_clock(pipeline.device());
    const auto observer = [&](int layer, const Value&) {
      synchronize(pipeline.device());
      const double now = layer_clock(pipeline.device());
      row[layer] = now - last;
      last = now;
    };
    check_interrupt();
    forward(pipeline.unet(), latents, at::full({1}, sweep.runs[0].timesteps[0]), conditioning,
            observer);
  }
  return std::get<0>(seconds.slice(0, 1).median(0));
}

}  // namespace

TimedLatent time_latent(const PreparedSweep& sweep, const Denoiser& denoiser,
                        const PreparedRun& run, std::int64_t picture, const PromptPair& pair) {
  RunLatents latents(sweep, run, denoiser, {picture});
  synchronize(denoiser.info().device);
  const auto start = Clock::now();
  TimedLatent made;
  made.result = of_pictures(run, picture, 1, [&] { return latents.make(run, denoiser, pair); });
  synchronize(denoiser.info().device);
  made.total_s = seconds_between(start, Clock::now());
  return made;
}

std::vector<int> shuffled_runs(int num_runs, std::uint64_t seed, int round) {
  std::vector<int> order(static_cast<std::size_t>(num_runs));
  std::iota(order.begin(), order.end(), 0);
  std::mt19937_64 random(seed * 1'000'003 + static_cast<std::uint64_t>(round));
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  return order;
}

void warm_up(const PreparedSweep& sweep, const TextToImagePipeline& pipeline) {
  for (int picture = 0; picture < sweep.experiment.timing.warmup; ++picture) {
    for (const PreparedRun& run : sweep.runs) {
      check_interrupt();
      time_picture(sweep, pipeline, run, 0);
    }
  }
}

Arrays time_round(const PreparedSweep& sweep, const TextToImagePipeline& pipeline, int round) {
  const auto num_runs = static_cast<std::int64_t>(sweep.runs.size());
  at::Tensor seconds = at::zeros({4, num_runs}, at::kDouble);
  at::Tensor processor = at::zeros({num_runs}, at::kDouble);
  at::Tensor order = at::zeros({num_runs}, at::kInt), calls = at::zeros({num_runs}, at::kInt);
  at::Tensor peak = at::zeros({num_runs}, at::kLong), held = at::zeros({num_runs}, at::kLong);
  const MachineLoad load;
  const std::int64_t picture = round % sweep.experiment.num_pictures();
  int place = 0;
  for (const int run : shuffled_runs(static_cast<int>(num_runs), sweep.experiment.seed, round)) {
    check_interrupt();
    const PictureTimes times = time_picture(sweep, pipeline, sweep.runs[run], picture);
    int row = 0;
    for (const double value : {times.text_encoder_s, times.unet_s, times.vae_s, times.total_s}) {
      seconds[row++][run] = value;
    }
    processor[run] = times.denoise_cpu_s;
    order[run] = place++;
    calls[run] = times.unet_calls;
    peak[run] = times.peak_memory;
    held[run] = times.held_memory;
  }
  Arrays arrays = {{timing_arrays::kOrder, order},
                   {timing_arrays::kCalls, calls},
                   {timing_arrays::kProcessor, processor},
                   {timing_arrays::kPeakMemory, peak},
                   {timing_arrays::kHeldMemory, held},
                   {timing_arrays::kProcess, at::full({1}, process_token(), at::kLong)},
                   {timing_arrays::kSteal, at::full({1}, load.steal_share(), at::kDouble)},
                   {timing_arrays::kOthers, at::full({1}, load.others_share(), at::kDouble)},
                   {timing_arrays::kClock, at::full({1}, processor_mhz(), at::kDouble)},
                   {timing_arrays::kLayers, time_layers(sweep, pipeline)}};
  for (int row = 0; row < 4; ++row) arrays[timing_arrays::kSeconds[row]] = seconds[row].clone();
  return arrays;
}

}  // namespace fdbench
