#include "cli/generate_options.h"

#include "core/error.h"

namespace fdbench {
namespace {

namespace fs = std::filesystem;

void check_target(const fs::path& path) {
  const fs::path folder = fs::absolute(path).parent_path();
  if (!fs::is_directory(folder)) {
    throw usage_error(Place{path.string()}, "its folder " + folder.string() + " does not exist");
  }
}

void add_model_options(CLI::App& command, GenerateOptions& options) {
  command.add_option("MODEL_DIR", options.model, "Model folder (diffusers layout)");
  command.add_option("--architecture", options.architecture,
                     "Instead of a folder: sd15, sd21 or sdxl with random weights of --seed");
  command.add_option("--prompt", options.prompts, "What to draw; several: a picture each")
      ->take_all()
      ->allow_extra_args(false);  // else CLI11 takes a text in brackets for a list
  command.add_option("--negative-prompt", options.negative_prompt, "What not to draw");
  command.add_option("--inputs", options.inputs,
                     "Safetensors file with latents [n, c, h, w] (unit noise), or prompt_embeds "
                     "[n, l, d] with negative_prompt_embeds in place of prompts (SDXL: also "
                     "text_embeds, negative_text_embeds, time_ids), or both");
  command.add_option("--seed", options.seed, "Picture i starts from noise of seed + i")
      ->capture_default_str();
  command.add_option("--height", options.height, "Pixels (default: the model's)")
      ->check(CLI::PositiveNumber);
  command.add_option("--width", options.width, "Pixels (default: the model's)")
      ->check(CLI::PositiveNumber);
  command.add_option("--output", options.output,
                     "PNG file (default: picture.png, unless --save-latents is given); several "
                     "pictures: x_0.png, x_1.png, ...");
  command.add_option(
      "--save-latents", options.save_latents,
      "Safetensors file: latents [n, c, h, w] and trajectory [updates + 1, n, c, h, w]");
}

void add_sampling_options(CLI::App& command, GenerateOptions& options) {
  command.add_option("--sampler", options.sampler,
                     "ddim (default: what the folder's scheduler_config.json names)");
  command.add_option("--steps", options.steps, "Sampling steps")->capture_default_str();
  command.add_option("--guidance", options.guidance, "Classifier-free guidance; 1: none")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_option("--eta", options.eta, "Fresh noise at each step, 0 to 1 (DDIM)")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command
      .add_option("--strategy", options.strategy,
                  "full, encoder, decoder, encoder_decoder, drop or deepcache")
      ->capture_default_str();
  add_options(command, options.strategy_choice);
  command.add_option("--execution", options.execution, "sequential or parallel")
      ->capture_default_str();
  command
      .add_option("--max-parallel", options.max_parallel,
                  "Most steps in one batch of the parallel execution (default: no cap)")
      ->check(CLI::PositiveNumber);
  command.add_option("--dtype", options.dtype, "float32, float16 or bfloat16")
      ->capture_default_str();
  command.add_option("--device", options.device, "cpu, cuda or cuda:N")->capture_default_str();
  command.add_option("--threads", options.threads, "Threads (default: all cores)")
      ->check(CLI::PositiveNumber);
}

}  // namespace

void add_options(CLI::App& command, GenerateOptions& options) {
  add_model_options(command, options);
  add_sampling_options(command, options);
}

void check_options(const GenerateOptions& options, const ModelFolder& folder) {
  if (options.output.empty() && options.save_latents.empty()) {
    throw usage_error(Place{folder.path().string()},
                      "has no vae/, so there is no picture to write: give --save-latents "
                      "x.safetensors");
  }
  if (!options.output.empty() && !folder.has("vae")) {
    throw usage_error(Place{folder.path().string()},
                      "has no vae/, so it cannot make pictures; use --save-latents instead of "
                      "--output");
  }
  for (const fs::path& path : {options.output, options.save_latents}) {
    if (!path.empty()) check_target(path);
  }
  if (options.max_parallel > 0 && options.execution != "parallel") {
    throw usage_error("--max-parallel needs --execution parallel");
  }
}

}  // namespace fdbench
