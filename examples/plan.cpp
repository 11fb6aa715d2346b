// A picture under a plan of its own: the encoder at every third step, by the library alone.
// usage: example_plan MODEL_DIR PROMPT OUT.png
#include <c10/core/InferenceMode.h>

#include <cstdio>
#include <exception>

#include "execution/executor.h"
#include "pictures/png.h"
#include "plan/plan_grid.h"
#include "plan/program.h"
#include "samplers/sampler.h"
#include "tasks/picture_noise.h"
#include "tasks/text_to_image.h"

using namespace fdbench;

int main(int argc, char** argv) try {
  if (argc != 4) throw std::invalid_argument("usage: example_plan MODEL_DIR PROMPT OUT.png");
  const c10::InferenceMode inference;
  const ModelFolder folder(argv[1]);
  const TextToImagePipeline pipeline(folder);
  const Denoiser& unet = pipeline.denoiser();

  const int num_steps = 12;
  const auto sampler = make_sampler("ddim", scheduler_config(folder).config, {}, num_steps);
  const GridLines grid = {{"encoder", "#..#..#..#.."}, {"bottleneck", "#..#..#..#.."}};
  const Program program = compile(plan_of_grid(grid, num_steps, unet.layers()), unet.layers(), {});

  const PictureSize size = pipeline.sized({});
  PictureNoise noise(
      /*seed=*/0, {0},
      {unet.info().in_channels, size.height / pipeline.factor(), size.width / pipeline.factor()});
  ExecutorOptions options;
  options.guidance_scale = 4;
  const DenoiseResult made = denoise(unet, *sampler, program,
                                     {.conditional = pipeline.encode_prompts({argv[2]}),
                                      .unconditional = pipeline.encode_no_prompt(1),
                                      .latents = starting_latents(noise.draw(), *sampler, unet),
                                      .noise = noise.source()},
                                     options);
  save_png(argv[3], pipeline.decode(made.latents)[0]);
  std::printf("%lld of %d layer runs\n", static_cast<long long>(made.num_layer_runs),
              program.num_steps * program.num_layers);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "example_plan: %s\n", error.what());
  return 1;
}
