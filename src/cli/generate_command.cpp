#include <ATen/Parallel.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <numeric>

#include "cli/commands.h"
#include "core/device.h"
#include "core/error.h"
#include "io/png.h"
#include "io/safetensors.h"
#include "pipelines/generation_inputs.h"
#include "pipelines/picture_noise.h"
#include "pipelines/text_to_image.h"
#include "propagation/executor.h"
#include "propagation/strategies.h"

namespace fdbench {
namespace {

namespace fs = std::filesystem;

struct GenerateOptions {
  fs::path model, inputs, output, save_latents;
  std::vector<std::string> prompts;
  std::string negative_prompt, sampler, strategy = "full", key_steps;
  std::string execution = "sequential", dtype = "float32", device = "cpu";
  int steps = 50, max_parallel = 0, threads = 0;
  double guidance = 7.5, eta = 0;
  std::uint64_t seed = 0;
  std::int64_t height = 0, width = 0;  // [picture pixels], 0: the model's
};

/// What came out, for files and summary.
struct Generated {
  DenoiseResult result;
  std::vector<at::Tensor> trajectory;
};

void check_target(const fs::path& path) {
  const fs::path folder = fs::absolute(path).parent_path();
  if (!fs::is_directory(folder)) {
    throw usage_error(Place{path.string()}, "its folder " + folder.string() + " does not exist");
  }
}

/// What can be wrong without loading a model.
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

StrategyOptions strategy_options(const GenerateOptions& options) {
  StrategyOptions strategy;
  strategy.name = options.strategy;
  if (options.strategy == "custom") {
    throw usage_error(
        "strategy 'custom' takes key steps for each block, which only a config can "
        "hold: use fdbench run");
  }
  if (options.strategy == "full" && !options.key_steps.empty()) {
    throw usage_error("--key-steps: strategy 'full' computes everything; add --strategy encoder");
  }
  const std::string keys = options.key_steps.empty() ? "non_uniform_IV" : options.key_steps;
  if (options.strategy != "full") strategy.key_steps = parse_key_steps(keys, options.steps);
  return strategy;
}

/// Sides of the latent, [c, h, w].
std::vector<std::int64_t> latent_shape(const GenerateOptions& options,
                                       const TextToImagePipeline& pipeline) {
  const auto side = [&](const char* name, std::int64_t pixels, std::int64_t own) {
    const std::int64_t factor = pipeline.factor();
    if (pixels == 0 && own == 0) {
      throw usage_error("the UNet's config names no sample_size: give --height and --width");
    }
    if (pixels % factor != 0) {
      throw usage_error(std::string(name) + " " + std::to_string(pixels) +
                        " is not a multiple of " + std::to_string(factor));
    }
    return pixels == 0 ? own : pixels / factor;
  };
  const Denoiser& unet = pipeline.unet();
  return {unet.in_channels(), side("--height", options.height, unet.sample_size()),
          side("--width", options.width, unet.sample_width())};
}

PictureNoise picture_noise(const GenerateOptions& options, const TextToImagePipeline& pipeline,
                           const GenerationInputs& inputs) {
  if (inputs.latents.defined() && (options.height > 0 || options.width > 0)) {
    throw usage_error("--height and --width do not go with latents in --inputs");
  }
  const std::vector<std::int64_t> shape = inputs.latents.defined()
                                              ? inputs.latents.sizes().slice(1).vec()
                                              : latent_shape(options, pipeline);
  std::vector<std::int64_t> pictures(inputs.num_pictures);
  std::iota(pictures.begin(), pictures.end(), 0);
  return {options.seed, pictures, shape};
}

GenerationRequest request_of(const GenerateOptions& options) {
  GenerationRequest request;
  request.prompts = options.prompts;
  request.negative_prompt = options.negative_prompt;
  request.guided = options.guidance > 1;
  if (!options.inputs.empty()) request.inputs.emplace(options.inputs);
  return request;
}

Generated generate(const GenerateOptions& options, const TextToImagePipeline& pipeline,
                   Sampler& sampler, const Schedule& schedule) {
  const GenerationInputs inputs = make_generation_inputs(pipeline, request_of(options));
  PictureNoise noise = picture_noise(options, pipeline, inputs);
  const at::Tensor start = starting_latents(
      inputs.latents.defined() ? inputs.latents : noise.draw(), sampler, pipeline.unet());
  Generated generated;
  ExecutorOptions executor;
  executor.execution = parse_execution(options.execution);
  executor.max_parallel = options.max_parallel;
  executor.guidance_scale = options.guidance;
  if (!options.save_latents.empty()) {
    generated.trajectory.push_back(start);
    executor.observe_step = [&](int, const at::Tensor& latents) {
      generated.trajectory.push_back(latents);
    };
  }
  generated.result = denoise(pipeline.unet(), sampler, schedule, inputs.conditional,
                             inputs.unconditional, start, noise.source(), executor);
  return generated;
}

/// x.png for one picture; x_0.png, x_1.png, ... for several.
void save_pictures(const fs::path& path, const at::Tensor& pictures) {
  const std::int64_t count = pictures.size(0);
  for (std::int64_t i = 0; i < count; ++i) {
    fs::path target = path;
    if (count > 1) {
      target.replace_filename(path.stem().string() + "_" + std::to_string(i) +
                              path.extension().string());
    }
    save_png(target, pictures[i]);
    std::printf("picture  %s\n", target.string().c_str());
  }
}

void print_summary(const GenerateOptions& options, const Schedule& schedule,
                   const Generated& generated, double seconds) {
  const DenoiseResult& result = generated.result;
  const auto all = static_cast<long long>(schedule.num_steps()) * schedule.num_layers();
  const auto ran = static_cast<long long>(schedule.num_layer_runs());
  std::printf(
      "%lld picture%s in %.2f s, UNet %.2f s: %lld of %lld layer runs (%.0f%%), %d network calls\n",
      static_cast<long long>(result.latents.size(0)), result.latents.size(0) == 1 ? "" : "s",
      seconds, result.unet_seconds, ran, all,
      100.0 * static_cast<double>(ran) / static_cast<double>(all), result.num_calls);
  if (options.strategy != "full" && ran == all) {
    std::printf("strategy '%s' reused nothing: every layer ran at every step\n",
                options.strategy.c_str());
  }
}

void run_generate(GenerateOptions options) {
  const auto start = std::chrono::steady_clock::now();
  if (options.threads > 0) at::set_num_threads(options.threads);
  const at::ScalarType dtype = parse_dtype(options.dtype);
  const at::Device device = parse_device(options.device);
  parse_execution(options.execution);
  const ModelFolder folder(options.model);
  if (options.output.empty() && options.save_latents.empty() && folder.has("vae")) {
    options.output = "picture.png";
  }
  check_options(options, folder);
  const nlohmann::json overrides =
      options.eta > 0 ? nlohmann::json{{"eta", options.eta}} : nlohmann::json::object();
  const auto sampler =
      make_sampler(options.sampler, scheduler_config(folder), overrides, options.steps);
  const StrategyOptions strategy = strategy_options(options);

  const TextToImagePipeline pipeline(folder, dtype, device);
  const auto layers = pipeline.unet().layers();
  const Schedule schedule(make_plan(strategy, options.steps, layers), layers);
  const Generated generated = generate(options, pipeline, *sampler, schedule);

  if (!options.save_latents.empty()) {
    save_safetensors(options.save_latents, {{"latents", generated.result.latents},
                                            {"trajectory", at::stack(generated.trajectory)}});
  }
  if (!options.output.empty()) {
    save_pictures(options.output, pipeline.decode(generated.result.latents));
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  print_summary(options, schedule, generated, elapsed.count());
}

void add_model_options(CLI::App& command, GenerateOptions& options) {
  command.add_option("MODEL_DIR", options.model, "Model folder (diffusers layout)")->required();
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
      .add_option("--strategy", options.strategy, "full, encoder, decoder, encoder_decoder or drop")
      ->capture_default_str();
  command.add_option("--key-steps", options.key_steps,
                     "Steps at which everything is computed, counted downward (50,49,48), "
                     "uniform:K, or a preset (default: the paper's non_uniform_IV)");
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

void add_generate_command(CLI::App& app) {
  const auto options = std::make_shared<GenerateOptions>();
  CLI::App* command = app.add_subcommand("generate", "Pictures from prompts");
  add_model_options(*command, *options);
  add_sampling_options(*command, *options);
  command->footer(
      "Examples:\n"
      "  fdbench generate models/mini --prompt \"a red circle on a blue background\" --output "
      "x.png\n"
      "  fdbench generate models/mini --prompt \"a red circle\" --strategy encoder "
      "--key-steps uniform:6 --execution parallel --output x.png");
  command->callback([options] { run_generate(*options); });
}

}  // namespace fdbench
