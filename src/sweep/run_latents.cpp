#include "sweep/run_latents.h"

namespace fdbench {

RunLatents::RunLatents(const PreparedSweep& sweep, const PreparedRun& run, const Denoiser& denoiser,
                       const std::vector<std::int64_t>& pictures)
    : sampler(sampler_of_run(sweep, run.spec)),
      noise(sweep.experiment.seed, pictures, sweep.latent_shape),
      start(starting_latents(noise.draw(), *sampler, denoiser)) {
  options.tome = {run.spec.tome, noise.seeds()};
  options.noise_injection = run.spec.noise_injection;
  options.guidance_scale = sweep.experiment.guidance_scale;
  options.guidance_rescale = sweep.experiment.prompt_options.guidance_rescale;
}

DenoiseResult RunLatents::make(const PreparedRun& run, const Denoiser& denoiser,
                               const PromptPair& pair) {
  return denoise(denoiser, *sampler, run.program,
                 {pair.conditional, pair.unconditional, start, noise.source()}, options);
}

}  // namespace fdbench
