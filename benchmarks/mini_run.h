// One picture of the embedded model, for benchmarks of a run.
#pragma once

#include <filesystem>
#include <memory>

#include "execution/executor.h"
#include "samplers/sampler.h"
#include "tasks/picture_noise.h"
#include "tasks/text_to_image.h"

namespace fdbench {

/// models/mini and all that a run of one picture needs, made once.
struct MiniRun {
  static constexpr int kNumSteps = 50;
  static constexpr double kGuidance = 4;

  ModelFolder folder{std::filesystem::path(FDBENCH_SOURCE_DIR) / "models" / "mini"};
  TextToImagePipeline pipeline{folder};
  Conditioning conditional = pipeline.encode_prompts({"a red circle above a blue square"});
  Conditioning unconditional = pipeline.encode_prompts({""});
  std::unique_ptr<Sampler> sampler =
      make_sampler("ddim", scheduler_config(folder).config, {}, kNumSteps);

  /// denoiser: the pipeline's, or one that stands before it. options: guidance is set here.
  DenoiseResult denoise(const Denoiser& denoiser, const Program& program,
                        ExecutorOptions options) const {
    options.guidance_scale = kGuidance;
    PictureNoise noise(0, {0}, {denoiser.info().in_channels, 16, 16});
    return fdbench::denoise(denoiser, *sampler, program,
                            {.conditional = conditional,
                             .unconditional = unconditional,
                             .latents = starting_latents(noise.draw(), *sampler, denoiser),
                             .noise = noise.source()},
                            options);
  }

  static const MiniRun& instance() {
    static const MiniRun run;
    return run;
  }
};

}  // namespace fdbench
