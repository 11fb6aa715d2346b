#include "execution/executor.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "core/error.h"
#include "execution/guidance.h"

namespace fdbench {
namespace {

/// Runs a program call by call.
class Denoising {
 public:
  Denoising(const Denoiser& denoiser, Sampler& sampler, const Program& program,
            const Conditioning& conditioning, const DenoiseStart& start,
            const ExecutorOptions& options)
      : sampler_(sampler),
        program_(program),
        noise_(start.noise),
        options_(options),
        guided_(has_guidance_halves(denoiser, options.guidance_scale)),
        latents_(start.latents),
        injector_(options.noise_injection, latents_, program.num_steps),
        network_(denoiser, program, conditioning, batch_shape(), sampler.timesteps(),
                 options.tome) {}

  DenoiseResult run();

 private:
  SampleShape batch_shape() const {
    SampleShape shape = shape_of(latents_);
    if (guided_) shape.batch *= 2;
    return shape;
  }
  void run_network(std::size_t call);
  /// One sampler update. first: of the step's call, whose latents the network was shown.
  void update(int step, int first);
  void check_finite(int step) const;

  Sampler& sampler_;
  const Program& program_;
  const NoiseSource& noise_;
  const ExecutorOptions& options_;
  bool guided_;
  at::Tensor latents_;
  NoiseInjector injector_;
  NetworkPass network_;
  DenoiseResult counted_;
};

DenoiseResult Denoising::run() {
  for (std::size_t i = 0; i < program_.calls.size(); ++i) {
    const Call& call = program_.calls[i];
    const auto is_dropped = [&](int step) {
      return program_.dropped[static_cast<std::size_t>(step)];
    };
    if (!is_dropped(call.first)) latents_ = injector_.before_unet(latents_, call.first);
    if (!call.steps.empty()) run_network(i);
    for (int step = call.first; step < call.end; ++step) {
      if (!is_dropped(step)) update(step, call.first);
    }
  }
  counted_.latents = latents_;
  counted_.num_layer_runs = network_.num_layer_runs();
  counted_.unet_seconds = network_.seconds();
  counted_.peak_held_bytes = network_.peak_held_bytes();
  return counted_;
}

void Denoising::run_network(std::size_t index) {
  const Call& call = program_.calls[index];
  at::Tensor sample;
  if (call.reads_sample) {
    sample = sampler_.scale_model_input(latents_, call.first);
    if (guided_ && !program_.options.savings.prefix_sharing) sample = at::cat({sample, sample}, 0);
  }
  network_.run(index, sample, options_.observe_layer);
  ++counted_.num_calls;
  counted_.num_step_calls += static_cast<int>(call.steps.size());
}

void Denoising::update(int step, int first) {
  const at::Tensor prediction =
      sampler_prediction(network_.prediction(step),
                         {.scale = guided_ ? options_.guidance_scale : 1.0,
                          .rescale = options_.guidance_rescale,
                          .channels = options_.guidance_channels},
                         latents_.size(1), sampler_.learns_variance());
  const bool network_saw = step == first;
  const at::Tensor sample = injector_.before_step(latents_, step, network_saw);
  latents_ = sampler_.step(prediction, step, sample, noise_);
  check_finite(step);
  if (options_.observe_original_sample) {
    options_.observe_original_sample(step, sampler_.original_sample(prediction, step, sample));
  }
  if (options_.observe_step) options_.observe_step(step, latents_);
}

void Denoising::check_finite(int step) const {
  if (at::isfinite(latents_).all().item<bool>()) return;
  const int num_steps = program_.num_steps;
  const auto timestep = static_cast<std::int64_t>(sampler_.timesteps()[step]);
  throw runtime_error("the latent is not finite after step " + std::to_string(num_steps - step) +
                      " (number " + std::to_string(step + 1) + " of " + std::to_string(num_steps) +
                      ", timestep " + std::to_string(timestep) + ")");
}

void check_arguments(const Denoiser& denoiser, const Sampler& sampler, const Program& program,
                     const DenoiseStart& start) {
  const at::Tensor& latents = start.latents;
  if (sampler.timesteps().size() != static_cast<std::size_t>(program.num_steps)) {
    throw usage_error("the plan has " + std::to_string(program.num_steps) + " steps, the sampler " +
                      std::to_string(sampler.timesteps().size()));
  }
  const ModelInfo& info = denoiser.info();
  const auto num_axes = static_cast<std::int64_t>(info.sample_axes.size());
  if (latents.dim() != 2 + num_axes || latents.size(1) != info.in_channels ||
      latents.numel() == 0) {
    throw usage_error("the latents have shape " + c10::str(latents.sizes()) + "; this " +
                      info.class_name + " needs [pictures, " + std::to_string(info.in_channels) +
                      (num_axes == 3 ? ", frames" : "") + ", height, width]");
  }
  if (program.choice && latents.size(0) != 1) {
    throw usage_error("a plan that is decided during the run takes one picture at a time, not " +
                      std::to_string(latents.size(0)));
  }
  check_prediction(denoiser, sampler);
  for (const auto& [name, tensor] : start.conditional.tensors()) {
    if (tensor.size(0) == latents.size(0)) continue;
    throw usage_error("there are " + std::to_string(latents.size(0)) + " latents for " +
                      std::to_string(tensor.size(0)) + " prompts (" + name + ")");
  }
}

void check_merging(const SeededTokenMerging& tome, std::int64_t num_pictures) {
  check_token_merging(tome.options);
  const auto num_seeds = static_cast<std::int64_t>(tome.seeds.size());
  if (!tome.options.on() || !tome.options.use_rand || num_seeds == num_pictures) return;
  throw usage_error("token merging has " + std::to_string(num_seeds) + " seeds for " +
                    std::to_string(num_pictures) + " pictures");
}

}  // namespace

DenoiseResult denoise(const Denoiser& denoiser, Sampler& sampler, const Program& program,
                      const DenoiseStart& start, const ExecutorOptions& options) {
  check_arguments(denoiser, sampler, program, start);
  check_merging(options.tome, start.latents.size(0));
  const Conditioning conditioning =
      has_guidance_halves(denoiser, options.guidance_scale)
          ? joined(start.unconditional, start.conditional)
          : with_guidance(denoiser, start.conditional, options.guidance_scale);
  sampler.reset();
  return Denoising(denoiser, sampler, program, conditioning, start, options).run();
}

}  // namespace fdbench
