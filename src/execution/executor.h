// The executor: runs any plan on any denoiser with any sampler.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <string>
#include <vector>

#include "execution/network_pass.h"
#include "execution/noise_injection.h"
#include "models/denoiser.h"
#include "plan/schedule.h"
#include "samplers/sampler.h"

namespace fdbench {

enum class Execution {
  kSequential,  // step by step
  kParallel,  // consecutive steps whose computed layers need no latent of their own share one batch
              // (paper, section 3.3)
};
Execution parse_execution(const std::string& name);
std::string execution_name(Execution execution);

/// Called with the output of each layer that ran: step in sampling order, layer, output [B, ...] of
/// that step alone. With guidance the batch is [unconditional; conditional].
using LayerObserver = std::function<void(int step, int layer, const at::Tensor& output)>;
/// Called after each sampler update (steps that are left out have none).
using StepObserver = std::function<void(int step, const at::Tensor& latents)>;

struct ExecutorOptions {
  Execution execution = Execution::kSequential;
  int max_parallel = 0;  // steps in one batch at most; 0: no cap
  double guidance_scale = 1.0;
  double guidance_rescale = 0;  // 0 to 1, see sampler_prediction; of the guided pictures alone
  ExactSavings savings;
  SeededTokenMerging tome;  // seeds: with use_rand one a picture; each step, layer and transformer
                            // block chooses anew from them
  NoiseInjection noise_injection;  // resolved; z_T is `latents`
  LayerObserver observe_layer;
  StepObserver observe_step;
};

struct DenoiseResult {
  at::Tensor latents;               // [n, c, h, w]
  int num_calls = 0;                // network calls: batches of layers that were run
  int num_step_calls = 0;           // steps at which at least one layer ran
  std::int64_t num_layer_runs = 0;  // over all steps
  double unet_seconds =
      0;  // wall time in the network (device synchronised), sampler updates not included
  std::int64_t peak_held_bytes = 0;  // NetworkPass::peak_held_bytes
};

/// Denoises `latents` ([n, c, h, w], unit noise already times init_noise_sigma) along the
/// schedule's plan. conditional: of batch n. unconditional: of batch n, used when guidance_scale >
/// 1 (classifier-free guidance, as diffusers does it: batch [unconditional; conditional],
/// prediction u + scale * (c - u), of the mean alone where variances are predicted too); may hold
/// undefined tensors otherwise. Networks that take the guidance scale as an input are given it, and
/// there are no halves. Noise injection gives the same latents in both executions but for
/// rounding: a step that shares a batch with earlier ones has a network that sees no latent of its
/// own. A plan that is decided during the run (Plan::adaptive) takes one picture at a time, since
/// what it decides would else depend on the batch. Throws a runtime error that names the step when
/// a latent is not finite.
DenoiseResult denoise(const Denoiser& denoiser, Sampler& sampler, const Schedule& schedule,
                      const Conditioning& conditional, const Conditioning& unconditional,
                      at::Tensor latents, const NoiseSource& noise, const ExecutorOptions& options);

}  // namespace fdbench
