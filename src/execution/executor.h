// The executor: runs any plan on any denoiser with any sampler.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <string>
#include <vector>

#include "execution/network_pass.h"
#include "execution/noise_injection.h"
#include "models/denoiser.h"
#include "plan/program.h"
#include "samplers/sampler.h"

namespace fdbench {

/// Called after each sampler update (steps that are left out have none) with [n, c, axes...].
using StepObserver = std::function<void(int step, const at::Tensor& latents)>;

/// What a run starts from.
struct DenoiseStart {
  /// Of batch n.
  Conditioning conditional;
  /// Of batch n; may be empty where guidance takes no second half.
  Conditioning unconditional;
  /// [n, c, axes...], unit noise already times init_noise_sigma.
  at::Tensor latents;
  /// Of stochastic samplers; may be empty for others.
  NoiseSource noise;
};

struct ExecutorOptions {
  double guidance_scale = 1.0;
  /// Guidance::rescale and ::channels, of the guided pictures alone.
  double guidance_rescale = 0;
  std::int64_t guidance_channels = 0;
  /// seeds: with use_rand one a picture; each step, layer and transformer block chooses anew from
  /// them.
  SeededTokenMerging tome;
  /// Resolved; z_T is `latents`.
  NoiseInjection noise_injection;
  LayerObserver observe_layer;
  StepObserver observe_step;
  /// Is told what the sampler takes the clean picture for (Sampler::original_sample), before
  /// observe_step.
  StepObserver observe_original_sample;
};

struct DenoiseResult {
  /// [n, c, axes...].
  at::Tensor latents;
  /// Network calls: batches of layers that were run.
  int num_calls = 0;
  /// Steps at which at least one layer ran.
  int num_step_calls = 0;
  /// Over all steps.
  std::int64_t num_layer_runs = 0;
  /// Wall time in the network (device synchronised), sampler updates not included.
  double unet_seconds = 0;
  /// NetworkPass::peak_held_bytes.
  std::int64_t peak_held_bytes = 0;
};

/// Denoises with a program. A guidance_scale above 1 is classifier-free guidance, as diffusers does
/// it: batch [unconditional; conditional], prediction u + scale * (c - u), of the mean alone where
/// variances are predicted too. Networks that take the guidance scale as an input are given it, and
/// there are no halves. Noise injection gives the same latents in both executions but for rounding:
/// a step that shares a batch with earlier ones has a network that sees no latent of its own. A
/// program whose rows are decided during the run takes one picture at a time, since what it decides
/// would else depend on the batch. Throws a runtime error that names the step when a latent is not
/// finite.
DenoiseResult denoise(const Denoiser& denoiser, Sampler& sampler, const Program& program,
                      const DenoiseStart& start, const ExecutorOptions& options);

}  // namespace fdbench
