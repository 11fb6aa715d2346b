#include "work/run_latents.h"

namespace fdbench {

RunLatents::RunLatents(const PreparedSweep& sweep, const StageRun& run, const Task& task,
                       std::size_t stage, const std::vector<std::int64_t>& pictures)
    : sampler(sampler_of_run(sweep.stages[stage], run.spec)),
      noise(seed_of_stage(sweep.experiment.seed, stage), pictures,
            sweep.stages[stage].latent_shape),
      start(starting_latents(noise.draw(), *sampler, *task.stages()[stage].denoiser)) {
  options.tome = {run.spec.tome, noise.seeds()};
  options.noise_injection = run.spec.noise_injection;
  options.guidance_scale = sweep.stages[stage].guidance_scale;
  options.guidance_channels = sweep.experiment.prompt_options.guidance_channels;
  options.guidance_rescale = sweep.experiment.prompt_options.guidance_rescale;
}

DenoiseResult RunLatents::make(const StageRun& run, const Denoiser& denoiser,
                               const PromptPair& pair) {
  return denoise(denoiser, *sampler, run.program,
                 {pair.conditional, pair.unconditional, start, noise.source()}, options);
}

PromptPair encode_pair(const PreparedSweep& sweep, const Task& task, std::size_t stage,
                       std::int64_t first, std::int64_t count, const at::Tensor& last) {
  const auto part = [&](const auto& all) {
    if (all.empty()) return all;
    return std::decay_t<decltype(all)>(all.begin() + first, all.begin() + first + count);
  };
  std::vector<std::vector<std::filesystem::path>> images;
  for (const auto& of_network : sweep.experiment.controls.images) {
    images.push_back(of_network.size() == 1 ? of_network : part(of_network));
  }
  const PromptOptions& options = sweep.experiment.prompt_options;
  const std::vector<std::int64_t>& shape = sweep.stages[stage].latent_shape;
  const std::int64_t factor = task.factor(stage);
  return task.encode(stage,
                     {.prompts = part(sweep.experiment.captions),
                      .negative_prompts = part(options.negative_prompts),
                      .clip_skip = options.clip_skip,
                      .guided = sweep.stages[stage].guided(),
                      .size = {.height = shape[1] * factor, .width = shape[2] * factor},
                      .control_images = std::move(images)},
                     last);
}

}  // namespace fdbench
