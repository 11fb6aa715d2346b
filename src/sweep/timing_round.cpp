#include "sweep/timing_round.h"

#include <ATen/Parallel.h>

#include <algorithm>
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

/// Of which the median counts: one call is at the mercy of its moment.
constexpr int kLayerCalls = 7;

/// Seconds of one picture.
struct PictureTimes {
  double text_encoder_s = 0, vae_s = 0, denoise_s = 0, denoise_cpu_s = 0;
  /// Of each stage's network.
  std::vector<double> stage_s;
  std::int64_t network_calls = 0, peak_memory = 0, held_memory = 0;

  double unet_s() const { return std::accumulate(stage_s.begin(), stage_s.end(), 0.0); }
  double total_s() const { return text_encoder_s + denoise_s + vae_s; }
};

double seconds_between(Clock::time_point start, Clock::time_point end) {
  return std::chrono::duration<double>(end - start).count();
}

at::Device device_of(const Task& task) { return task.stages()[0].denoiser->info().device; }

PictureTimes time_picture(const PreparedSweep& sweep, const Task& task, const PreparedRun& run,
                          std::int64_t picture) {
  const at::Device device = device_of(task);
  synchronize(device);
  const PeakMemory memory(device);
  PictureTimes times;
  at::Tensor last;
  for (std::size_t stage = 0; stage < run.stages.size(); ++stage) {
    const auto start = Clock::now();
    const PromptPair pair = encode_pair(sweep, task, stage, picture, 1, last);
    synchronize(device);
    times.text_encoder_s += seconds_between(start, Clock::now());
    const double before = process_processor_seconds();
    const TimedLatent made = time_latent(sweep, task, run, stage, picture, pair);
    times.denoise_cpu_s += process_processor_seconds() - before;
    times.denoise_s += made.total_s;
    times.stage_s.push_back(made.result.unet_seconds);
    times.network_calls += made.result.num_calls;
    times.held_memory = std::max(times.held_memory, made.result.peak_held_bytes);
    last = made.result.latents;
  }
  const auto denoised = Clock::now();
  of_pictures(run, picture, 1, [&] { return task.decode(last); });
  times.vae_s = seconds_between(denoised, Clock::now());
  times.peak_memory = memory.bytes();
  return times;
}

/// A clock for layers [s]: of one thread on the CPU its processor time, which waiting for a core
/// that others keep busy does not lengthen.
double layer_clock(const at::Device& device) {
  if (device.is_cpu() && at::get_num_threads() == 1) return thread_processor_seconds();
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

/// Seconds of each layer in one whole network call of a stage for one picture, guidance included:
/// median of `kLayerCalls` calls after one that is not timed. What earlier stages would show it is
/// noise here.
at::Tensor time_layers(const PreparedSweep& sweep, const Task& task, std::size_t number) {
  const PreparedStage& stage = sweep.stages[number];
  const Denoiser& denoiser = *task.stages()[number].denoiser;
  const std::vector<std::int64_t> indices(stage.guided() ? 2 : 1, 0);
  const at::Tensor latents =
      PictureNoise(sweep.experiment.seed, indices, stage.latent_shape).draw();
  at::Tensor last;
  if (number > 0) {
    last = PictureNoise(sweep.experiment.seed, {0}, sweep.stages[number - 1].latent_shape).draw();
  }
  const PromptPair pair = encode_pair(sweep, task, number, 0, 1, last);
  const Conditioning conditioning = with_guidance(denoiser, pair.conditional, stage.guidance_scale);
  const auto num_layers = static_cast<std::int64_t>(stage.model.layers.size());
  at::Tensor seconds = at::zeros({kLayerCalls + 1, num_layers}, at::kDouble);
  double* row = seconds.mutable_data_ptr<double>();
  const at::Device device = denoiser.info().device;
  const at::Tensor timestep = at::full({1}, sweep.runs[0].stages[number].timesteps[0]);
  for (int call = 0; call <= kLayerCalls; ++call, row += num_layers) {
    double last_time = layer_clock(device);
    const auto observer = [&](int layer, const Value&) {
      synchronize(device);
      const double now = layer_clock(device);
      row[layer] = now - last_time;
      last_time = now;
    };
    check_interrupt();
    forward(denoiser, latents, timestep, conditioning, observer);
  }
  return std::get<0>(seconds.slice(0, 1).median(0));
}

/// Of all stages' layers.
at::Tensor time_all_layers(const PreparedSweep& sweep, const Task& task) {
  std::vector<at::Tensor> of_stages;
  for (std::size_t stage = 0; stage < sweep.stages.size(); ++stage) {
    of_stages.push_back(time_layers(sweep, task, stage));
  }
  return at::cat(of_stages);
}

}  // namespace

TimedLatent time_latent(const PreparedSweep& sweep, const Task& task, const PreparedRun& run,
                        std::size_t stage, std::int64_t picture, const PromptPair& pair) {
  const StageRun& of_stage = run.stages[stage];
  const Denoiser& denoiser = *task.stages()[stage].denoiser;
  RunLatents latents(sweep, of_stage, task, stage, {picture});
  synchronize(denoiser.info().device);
  const auto start = Clock::now();
  TimedLatent made;
  made.result =
      of_pictures(run, picture, 1, [&] { return latents.make(of_stage, denoiser, pair); });
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

void warm_up(const PreparedSweep& sweep, const Task& task) {
  for (int picture = 0; picture < sweep.experiment.timing.warmup; ++picture) {
    for (const PreparedRun& run : sweep.runs) {
      check_interrupt();
      time_picture(sweep, task, run, 0);
    }
  }
}

Arrays time_round(const PreparedSweep& sweep, const Task& task, int round) {
  const auto num_runs = static_cast<std::int64_t>(sweep.runs.size());
  const auto num_stages = static_cast<std::int64_t>(sweep.stages.size());
  at::Tensor seconds = at::zeros({4, num_runs}, at::kDouble);
  at::Tensor of_stages = at::zeros({num_runs, num_stages}, at::kDouble);
  at::Tensor processor = at::zeros({num_runs}, at::kDouble);
  at::Tensor order = at::zeros({num_runs}, at::kInt), calls = at::zeros({num_runs}, at::kInt);
  at::Tensor peak = at::zeros({num_runs}, at::kLong), held = at::zeros({num_runs}, at::kLong);
  const MachineLoad load;
  const std::int64_t picture = round % sweep.experiment.num_pictures();
  int place = 0;
  for (const int run : shuffled_runs(static_cast<int>(num_runs), sweep.experiment.seed, round)) {
    check_interrupt();
    const PictureTimes times = time_picture(sweep, task, sweep.runs[run], picture);
    int row = 0;
    for (const double value :
         {times.text_encoder_s, times.unet_s(), times.vae_s, times.total_s()}) {
      seconds[row++][run] = value;
    }
    of_stages[run] = at::tensor(times.stage_s, at::kDouble);
    processor[run] = times.denoise_cpu_s;
    order[run] = place++;
    calls[run] = times.network_calls;
    peak[run] = times.peak_memory;
    held[run] = times.held_memory;
  }
  Arrays arrays = {{timing_arrays::kOrder, order},
                   {timing_arrays::kCalls, calls},
                   {timing_arrays::kStages, of_stages},
                   {timing_arrays::kProcessor, processor},
                   {timing_arrays::kPeakMemory, peak},
                   {timing_arrays::kHeldMemory, held},
                   {timing_arrays::kProcess, at::full({1}, process_token(), at::kLong)},
                   {timing_arrays::kSteal, at::full({1}, load.steal_share(), at::kDouble)},
                   {timing_arrays::kOthers, at::full({1}, load.others_share(), at::kDouble)},
                   {timing_arrays::kClock, at::full({1}, processor_mhz(), at::kDouble)},
                   {timing_arrays::kLayers, time_all_layers(sweep, task)}};
  for (int row = 0; row < 4; ++row) arrays[timing_arrays::kSeconds[row]] = seconds[row].clone();
  return arrays;
}

}  // namespace fdbench
