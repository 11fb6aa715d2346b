#include <ATen/Parallel.h>

#include <cstdio>
#include <memory>
#include <numeric>

#include "cli/commands.h"
#include "cli/drawn_pictures.h"
#include "cli/generate_options.h"
#include "core/device.h"
#include "core/error.h"
#include "core/notes.h"
#include "core/stopwatch.h"
#include "execution/executor.h"
#include "folders/architectures.h"
#include "io/safetensors.h"
#include "pictures/png.h"
#include "plan/strategies.h"
#include "profiling/execution_choice.h"
#include "tasks/picture_noise.h"
#include "tasks/sampler_plan.h"

namespace fdbench {
namespace {

namespace fs = std::filesystem;

/// What came out, for files and summary.
struct Generated {
  Program program;
  DenoiseResult result;
  std::vector<at::Tensor> trajectory;
  /// As networks were shown them.
  std::vector<at::Tensor> control_pictures;
  double load_seconds = 0, total_seconds = 0;
};

/// The wanted size, checked.
PictureSize picture_size(const GenerateOptions& options, const PicturePipeline& pipeline) {
  const std::int64_t factor = pipeline.factor();
  for (const auto& [name, pixels] :
       {std::pair{"--height", options.height}, std::pair{"--width", options.width}}) {
    if (pixels % factor == 0) continue;
    throw usage_error(std::string(name) + " " + std::to_string(pixels) + " is not a multiple of " +
                      std::to_string(factor));
  }
  return {options.height, options.width};
}

/// Sides of the latent, [c, h, w].
std::vector<std::int64_t> latent_shape(const GenerateOptions& options,
                                       const PicturePipeline& pipeline) {
  const PictureSize size = pipeline.sized(picture_size(options, pipeline));
  const std::int64_t factor = pipeline.factor();
  return {pipeline.denoiser().info().in_channels, size.height / factor, size.width / factor};
}

PictureNoise picture_noise(const GenerateOptions& options, const PicturePipeline& pipeline,
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

/// How the plan is compiled. With --execution auto as it is measured to be the fastest, which is
/// said.
ProgramOptions program_options(const GenerateOptions& options, const Schedule& schedule,
                               std::span<const LayerInfo> layers, const TimeProgram& time) {
  ProgramOptions made{.execution = parse_execution(options.execution),
                      .max_parallel = options.max_parallel,
                      .savings = exact_savings(options)};
  if (made.execution != Execution::kAuto) return made;
  const WayTimes times = time_ways(schedule, layers, made, time);
  const ExecutionWay way = fastest_way(times);
  made.execution = way.execution;
  made.max_parallel = way.max_parallel;
  say_note(
      "--execution auto: " + way_text(way) +
      (times.ways.size() == 1 ? ", as no steps can share a batch" : ", measured as the fastest"));
  return made;
}

Generated generate(const GenerateOptions& options, const OpenedPipeline& opened, Sampler& sampler,
                   const Schedule& schedule) {
  const PicturePipeline& pipeline = *opened.pipeline;
  const bool guided = pipeline.guided(options.guidance);
  warn_of_idle_guidance(options, guided);
  const GenerationInputs inputs = opened.inputs(picture_size(options, pipeline), guided);
  PictureNoise noise = picture_noise(options, pipeline, inputs);
  const DenoiseStart start{
      .conditional = inputs.conditional,
      .unconditional = inputs.unconditional,
      .latents = starting_latents(inputs.latents.defined() ? inputs.latents : noise.draw(), sampler,
                                  pipeline.denoiser()),
      .noise = noise.source()};
  ExecutorOptions executor;
  executor.guidance_scale = options.guidance;
  executor.guidance_rescale = options.guidance_rescale;
  executor.guidance_channels = guidance_channels(options, pipeline.denoiser().info().in_channels);
  executor.tome = {options.tome, noise.seeds()};
  executor.noise_injection = noise_injection(options);
  const auto time = [&](const Program& program, const TimedPart& part) {
    std::vector<double> timesteps;
    for (const int step : part.steps) timesteps.push_back(sampler.timesteps()[step]);
    return network_seconds(pipeline.denoiser(), program, std::move(timesteps), start, executor);
  };
  const auto layers = pipeline.denoiser().layers();
  Generated generated;
  generated.control_pictures = inputs.control_pictures;
  generated.program = compile(schedule, layers, program_options(options, schedule, layers, time));
  if (!options.save_latents.empty()) {
    generated.trajectory.push_back(start.latents);
    executor.observe_step = [&](int, const at::Tensor& latents) {
      generated.trajectory.push_back(latents);
    };
  }
  generated.result = denoise(pipeline.denoiser(), sampler, generated.program, start, executor);
  return generated;
}

/// x.png for one picture; x_0.png, x_1.png, ... for several.
fs::path numbered(const fs::path& path, std::size_t index, std::size_t count) {
  if (count == 1) return path;
  fs::path target = path;
  target.replace_filename(path.stem().string() + "_" + std::to_string(index) +
                          path.extension().string());
  return target;
}

void save_pictures(const fs::path& path, const at::Tensor& pictures) {
  const auto count = static_cast<std::size_t>(pictures.size(0));
  for (std::size_t i = 0; i < count; ++i) {
    const fs::path target = numbered(path, i, count);
    save_png(target, pictures[static_cast<std::int64_t>(i)]);
    std::printf("picture  %s\n", target.string().c_str());
  }
}

/// Beside x.png: x_control.png, or of several networks x_control_0.png, x_control_1.png, ... Empty
/// where no pictures are written.
fs::path control_target(const GenerateOptions& options, std::size_t index) {
  if (options.output.empty()) return {};
  fs::path path = options.output;
  path.replace_filename(path.stem().string() + "_control.png");
  return numbered(path, index, options.control.images.size());
}

/// Throws where a picture that is read would be written over.
void check_control_targets(const GenerateOptions& options,
                           const std::vector<ControlSource>& sources) {
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const fs::path target = control_target(options, i);
    if (!sources[i].preprocessing.wanted() || target.empty()) continue;
    for (const fs::path& image : options.control.images) {
      std::error_code ignored;
      if (!fs::equivalent(target, image, ignored)) continue;
      throw usage_error({image.string()},
                        "is read as --control-image and would be written over with the control "
                        "picture: give another --output");
    }
  }
}

/// What --control-from made of pictures, for people to look at.
void save_control_pictures(const GenerateOptions& options,
                           const std::vector<ControlSource>& sources, const Generated& generated) {
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (!sources[i].preprocessing.wanted()) continue;
    const at::Tensor pixels = generated.control_pictures[i][0].permute({1, 2, 0}) * 255;
    const fs::path target = control_target(options, i);
    save_png(target, pixels.round().to(at::kByte));
    std::printf("control  %s\n", target.string().c_str());
  }
}

void print_summary(const GenerateOptions& options, const Generated& generated) {
  const DenoiseResult& result = generated.result;
  const Program& program = generated.program;
  const auto all = static_cast<long long>(program.num_steps) * program.num_layers;
  const auto ran = static_cast<long long>(result.num_layer_runs);
  std::printf(
      "%lld picture%s in %.2f s (opening the model %.2f s, UNet with reading its weights %.2f s): "
      "%lld of %lld layer runs (%.0f%%), "
      "%d network calls\n",
      static_cast<long long>(result.latents.size(0)), result.latents.size(0) == 1 ? "" : "s",
      generated.total_seconds, generated.load_seconds, result.unet_seconds, ran, all,
      100.0 * static_cast<double>(ran) / static_cast<double>(all), result.num_calls);
  if (!is_plain_strategy(options.strategy) && ran == all) {
    std::printf("strategy '%s' reused nothing: every layer ran at every step\n",
                options.strategy.c_str());
  }
}

void save(const GenerateOptions& options, const PicturePipeline& pipeline,
          const std::vector<ControlSource>& controls, const Generated& generated) {
  if (!options.save_latents.empty()) {
    save_safetensors(options.save_latents, {{"latents", generated.result.latents},
                                            {"trajectory", at::stack(generated.trajectory)}});
  }
  if (options.output.empty()) return;
  save_pictures(options.output, pipeline.decode(generated.result.latents));
  save_control_pictures(options, controls, generated);
  if (pipeline.synthetic()) {
    std::printf("note: the weights are random, so what is drawn means nothing; times are real\n");
  }
}

void run_generate(GenerateOptions options) {
  Stopwatch total(at::kCPU);
  total.start();
  if (options.threads > 0) at::set_num_threads(options.threads);
  const at::ScalarType dtype = parse_dtype(options.dtype);
  const at::Device device = parse_device(options.device);
  parse_execution(options.execution);
  const ModelFolder folder = open_any_model({options.model, options.architecture, options.seed,
                                             options.variant, weight_additions(options.weights)});
  if (!options.inputs.empty() && SafetensorsFile(options.inputs).contains("prompt_embeds")) {
    warn_of_idle_text(folder.additions());
  }
  const FolderScheduler scheduler = scheduler_for(options, folder);
  if (options.output.empty() && options.save_latents.empty() && folder.has("vae")) {
    options.output = "picture.png";
  }
  check_options(options, folder);
  const std::vector<ControlSource> controls = control_sources(options.control);
  check_control_targets(options, controls);
  const auto sampler = make_sampler(options.sampler, scheduler.config, sampler_overrides(options),
                                    options.steps, scheduler.file);
  const StrategyOptions strategy =
      strategy_options(options.strategy, options.strategy_choice, options.steps);

  Stopwatch load(device);
  load.start();
  const Wanted wanted = options.output.empty() ? Wanted::kLatents : Wanted::kPictures;
  const OpenedPipeline opened = open_pipeline(options, folder,
                                              {.dtype = dtype,
                                               .device = device,
                                               .reading = Reading::kAtFirstUse,
                                               .wanted = wanted,
                                               .controls = controls});
  const PicturePipeline& pipeline = *opened.pipeline;
  load.stop();
  const auto layers = pipeline.denoiser().layers();
  const Schedule schedule(make_plan(strategy, *sampler, options.steps, layers, controls), layers);
  Generated generated = generate(options, opened, *sampler, schedule);
  save(options, pipeline, controls, generated);
  total.stop();
  generated.load_seconds = load.seconds();
  generated.total_seconds = total.seconds();
  print_summary(options, generated);
}

}  // namespace

void add_generate_command(CLI::App& app) {
  const auto options = std::make_shared<GenerateOptions>();
  CLI::App* command = app.add_subcommand("generate", "Pictures from prompts");
  add_options(*command, *options);
  command->footer(
      "Examples:\n"
      "  fdbench generate models/mini --prompt \"a red circle on a blue background\" --output "
      "x.png\n"
      "  fdbench generate models/mini --prompt \"a red circle\" --strategy encoder "
      "--key-steps uniform:6 --execution parallel --output x.png\n"
      "  fdbench generate models/mini --prompt \"a red circle\" --strategy deepcache "
      "--cache-interval 3 --output x.png");
  command->callback([options] { run_generate(*options); });
}

}  // namespace fdbench
