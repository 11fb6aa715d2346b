#include "cli/generate_options.h"

#include "cli/plain_options.h"
#include "cli/sampler_assignments.h"
#include "cli/tome_options.h"
#include "cli/variant_option.h"
#include "config/noise_injection_config.h"
#include "config/run_config.h"
#include "core/error.h"
#include "core/notes.h"
#include "samplers/sampler.h"
#include "tasks/prompt_encoder.h"

namespace fdbench {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMostSteps = 100'000, kMostClipSkip = 1000;
// Of a picture [pixels].
constexpr std::int64_t kLargestSide = 1 << 20;
constexpr std::int64_t kMostChannels = 1000;

/// "a, b, c".
std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

void check_target(const fs::path& path) {
  const fs::path folder = fs::absolute(path).parent_path();
  if (!fs::is_directory(folder)) {
    throw usage_error(Place{path.string()}, "its folder " + folder.string() + " does not exist");
  }
}

/// --noise-injection as `noise_injection:` of a config takes it, maps aside.
double injected_share(const std::string& text) {
  const std::string name = "--noise-injection";
  const ConfigTree tree = parse_argument(text, name);
  const ConfigValue value(tree, name);
  if (value.is_scalar()) return read_noise_injection(value).alpha;
  throw value.error("wants a number or true; --noise-injection-tau and -placement have the rest");
}

void add_model_options(CLI::App& command, GenerateOptions& options) {
  command.add_option("MODEL_DIR", options.model, "Model folder (diffusers layout)");
  add_variant_option(command, options.variant);
  add_weight_options(command, options.weights);
  add_embedding_option(command, options.weights);
  command.add_option(
      "--architecture", options.architecture,
      "Instead of a folder: sd15, sd21, sdxl or dit_xl_2_256, ... with random weights of --seed");
  command.add_option("--prompt", options.prompts, "What to draw; several: a picture each")
      ->take_all()
      ->allow_extra_args(false)  // else CLI11 takes a text in brackets for a list
      ->check(is_prompt());
  command
      .add_option(
          "--class", options.classes,
          "Of a model that draws classes: number or name (id2label); several: a picture each")
      ->take_all()
      ->allow_extra_args(false)
      ->check(is_text());
  command.add_option("--negative-prompt", options.negative_prompt, "What not to draw")
      ->check(is_prompt());
  add_whole_number(command, "--clip-skip", options.clip_skip,
                   "Last layers of the text encoder that the prompts do without", 0, kMostClipSkip)
      ->capture_default_str();
  command.add_option("--inputs", options.inputs,
                     "Safetensors file with latents [n, c, h, w] (unit noise), or prompt_embeds "
                     "[n, l, d] with negative_prompt_embeds in place of prompts (SDXL: also "
                     "text_embeds, negative_text_embeds, time_ids), or both");
  add_whole_number(command, "--seed", options.seed, "Picture i starts from noise of seed + i", 0,
                   kLargestSeed)
      ->capture_default_str();
  add_whole_number(command, "--height", options.height, "Pixels (default: the model's)", 1,
                   kLargestSide);
  add_whole_number(command, "--width", options.width, "Pixels (default: the model's)", 1,
                   kLargestSide);
  command.add_option("--output", options.output,
                     "PNG file (default: picture.png, unless --save-latents is given); several "
                     "pictures: x_0.png, x_1.png, ...");
  command.add_option(
      "--save-latents", options.save_latents,
      "Safetensors file: latents [n, c, h, w] and trajectory [updates + 1, n, c, h, w]");
}

void add_sampling_options(CLI::App& command, GenerateOptions& options) {
  command.add_option("--sampler", options.sampler,
                     listed(sampler_names()) +
                         ", or a diffusers class name (default: what the folder's "
                         "scheduler_config.json names)");
  command
      .add_option("--sampler-option", options.sampler_options,
                  "key=value: an option of the sampler under diffusers' name, over the folder's "
                  "(repeatable)")
      ->take_all()
      ->allow_extra_args(false)
      ->check(is_text());
  add_whole_number(command, "--steps", options.steps, "Sampling steps", 1, kMostSteps)
      ->capture_default_str();
  add_number(command, "--guidance", options.guidance, "Classifier-free guidance; 1: none", 0)
      ->capture_default_str();
  add_number(command, "--guidance-rescale", options.guidance_rescale,
             "Share, 0 to 1, of the guided prediction that is brought to the standard deviation "
             "of the conditional one",
             0)
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  add_whole_number(command, "--guidance-channels", options.guidance_channels,
                   "The first so many channels are guided, the others are the conditional half's "
                   "(the original DiT: 3; default: all)",
                   1, kMostChannels);
  add_number(command, "--eta", options.eta, "Fresh noise at each step, 0 to 1 (DDIM)")
      ->capture_default_str();
  command.add_option("--strategy", options.strategy, listed_strategies())->capture_default_str();
  add_options(command, options.strategy_choice);
  command
      .add_option("--execution", options.execution,
                  "sequential; parallel: steps that need no latent of their own share a batch; or "
                  "auto: whichever is measured as the fastest before the pictures are made, which "
                  "takes about as long as three of them")
      ->capture_default_str();
  add_whole_number(command, "--max-parallel", options.max_parallel,
                   "Most steps in one batch of --execution parallel or auto (default: no cap)", 0,
                   kMostSteps);
  command.add_option("--savings", options.savings, "Savings that keep the result: all or none")
      ->capture_default_str();
  add_plain_option(command, "--noise-injection", options.noise_injection,
                   "Share of the starting noise that late steps add (the paper: 0.003, or true; 0: "
                   "none)",
                   injected_share);
  add_whole_number(command, "--noise-injection-tau", options.noise_injection_tau,
                   "Added at steps below it, counted downward (default: half of the steps)", 1,
                   kMostSteps);
  command.add_option("--noise-injection-placement", options.noise_injection_placement,
                     "before_step (default) or before_unet: does the step's network see the noise");
  command.add_option("--dtype", options.dtype, "float32, float16 or bfloat16")
      ->capture_default_str();
  command.add_option("--device", options.device, "cpu, cuda or cuda:N")->capture_default_str();
  add_threads(command, options.threads);
}

}  // namespace

void add_options(CLI::App& command, GenerateOptions& options) {
  add_model_options(command, options);
  add_sampling_options(command, options);
  add_tome_options(command, options.tome);
  add_control_options(command, options.control);
}

nlohmann::json sampler_overrides(const GenerateOptions& options) {
  nlohmann::json overrides = sampler_assignments(options.sampler_options);
  if (options.eta == 0) return overrides;
  if (overrides.contains("eta")) throw usage_error("--eta and --sampler-option eta are both given");
  overrides["eta"] = options.eta;
  return overrides;
}

ExactSavings exact_savings(const GenerateOptions& options) {
  const ConfigTree tree = parse_argument(options.savings, "--savings");
  return read_savings(ConfigValue(tree, "--savings"), {});
}

std::int64_t guidance_channels(const GenerateOptions& options, std::int64_t latent_channels) {
  if (options.guidance_channels <= latent_channels) return options.guidance_channels;
  throw usage_error("--guidance-channels " + std::to_string(options.guidance_channels) +
                    ": latents have " + std::to_string(latent_channels) + " channels");
}

NoiseInjection noise_injection(const GenerateOptions& options) {
  const bool more = options.noise_injection_tau != 0 || !options.noise_injection_placement.empty();
  if (options.noise_injection == 0 && more) {
    throw usage_error("--noise-injection-tau and -placement need --noise-injection 0.003");
  }
  NoiseInjection injection;
  injection.alpha = options.noise_injection;
  injection.tau = options.noise_injection_tau;
  if (!options.noise_injection_placement.empty()) {
    injection.placement = parse_injection_placement(options.noise_injection_placement);
  }
  return resolved(injection, options.steps);
}

void check_options(const GenerateOptions& options, const ModelFolder& folder) {
  if (options.output.empty() && options.save_latents.empty()) {
    throw usage_error(Place{folder.path().string()},
                      "has no vae/, so there is not a picture to write: give --save-latents "
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
  noise_injection(options);
  if (options.max_parallel > 0 && options.execution == "sequential") {
    throw usage_error("--max-parallel needs --execution parallel or auto");
  }
  check_token_merging(options.tome);
  control_sources(options.control);
  check_clip_skip(folder, options.clip_skip);
}

void warn_of_idle_guidance(const GenerateOptions& options, bool guided) {
  if (guided) return;
  const std::string why = options.guidance > 1
                              ? " has no effect: this network takes the guidance scale as an input"
                              : " has no effect without guidance (--guidance above 1)";
  if (options.negative_prompt) say_warning("--negative-prompt" + why);
  if (options.guidance_rescale > 0) say_warning("--guidance-rescale" + why);
  if (options.guidance_channels > 0) say_warning("--guidance-channels" + why);
}

}  // namespace fdbench
