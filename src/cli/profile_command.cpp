#include <ATen/Parallel.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "cli/commands.h"
#include "cli/plain_options.h"
#include "cli/terminal.h"
#include "cli/variant_option.h"
#include "config/latent_config.h"
#include "core/device.h"
#include "core/error.h"
#include "core/progress.h"
#include "denoisers/load_denoiser.h"
#include "folders/architectures.h"
#include "io/atomic_file.h"
#include "profiling/chrome_trace.h"
#include "profiling/profile_summary.h"
#include "profiling/profile_table.h"
#include "profiling/random_inputs.h"

namespace fdbench {
namespace {

constexpr std::int64_t kDefaultSide = 64, kMost = 1'000'000;

struct ProfileCommandOptions {
  std::string model, architecture, latent;
  std::string variant;
  std::string dtype = "bfloat16", device = "cpu", format = "table";
  std::filesystem::path trace;
  std::uint64_t seed = 0;
  int threads = 0;
  /// None: of one prompt with guidance.
  std::optional<std::int64_t> batch;
  std::int64_t text_tokens = 77;
  ProfileOptions calls;
};

/// The UNet and where it comes from.
struct ProfiledModel {
  std::string name;
  UNetConfig config;
  std::unique_ptr<Denoiser> unet;
  double load_seconds = 0;
};

/// What is measured, and the result.
struct Measurement {
  ProfiledModel model;
  SampleShape shape;
  ProfileSummary summary;
};

/// "64" or "96x64" (height x width) -> {height, width}; "" -> the model's own size.
std::pair<std::int64_t, std::int64_t> parse_latent(const std::string& text, const Denoiser& unet) {
  if (text.empty()) {
    const std::vector<std::int64_t>& usual = unet.info().sample_axes;
    return {usual[0] > 0 ? usual[0] : kDefaultSide, usual[1] > 0 ? usual[1] : kDefaultSide};
  }
  const LatentSize size = latent_option(text);
  return {size.height, size.width};
}

ProfiledModel load_model(const ProfileCommandOptions& options, at::ScalarType dtype,
                         const at::Device& device) {
  TimeSpan time{steady_nanoseconds(), 0};
  const ModelFolder folder =
      open_model({options.model, options.architecture, options.seed, options.variant});
  ProfiledModel model{folder.description(), {}, nullptr, 0};
  model.config = read_unet_config(folder.config("unet"), folder.config_path("unet"));
  model.unet = load_denoiser(folder, dtype, device);
  synchronize(device);
  time.end = steady_nanoseconds();
  model.load_seconds = time.seconds();
  return model;
}

CallProfile run_calls(const ProfileCommandOptions& options, const Measurement& measurement) {
  const Denoiser& unet = *measurement.model.unet;
  const DenoiserInputs inputs = random_inputs(measurement.model.config, measurement.shape,
                                              options.seed, unet.info().dtype, unet.info().device);
  const int num_calls = options.calls.warmup + 2 * options.calls.repeats;
  Progress progress(terminal_progress(), num_calls, 0);
  const auto show = [&](int done) {
    progress.show(done, std::to_string(done) + " of " + std::to_string(num_calls) + " UNet calls");
  };
  show(0);
  return profile_calls(unet, inputs, options.calls, show);
}

void print_json(const ProfileCommandOptions& options, const Measurement& measurement) {
  const Denoiser& unet = *measurement.model.unet;
  nlohmann::ordered_json json = {{"model", measurement.model.name},
                                 {"device", unet.info().device.str()},
                                 {"device_name", device_description(unet.info().device)},
                                 {"dtype", dtype_name(unet.info().dtype)},
                                 {"threads", at::get_num_threads()},
                                 {"batch", measurement.shape.batch},
                                 {"latent", measurement.shape.axes},
                                 {"text_tokens", measurement.shape.text_tokens},
                                 {"seed", options.seed},
                                 {"repeats", options.calls.repeats},
                                 {"warmup", options.calls.warmup},
                                 {"load_s", measurement.model.load_seconds}};
  json.update(summary_json(measurement.summary));
  if (!unet.info().device.is_cpu()) json["note"] = "operators are timed on the CPU only";
  std::printf("%s\n", json.dump(2).c_str());
}

void run_profile(const ProfileCommandOptions& options) {
  if (options.threads > 0) at::set_num_threads(options.threads);
  const at::ScalarType dtype = parse_dtype(options.dtype);
  const at::Device device = parse_device(options.device);
  // Made first: a path that cannot be written costs no waiting.
  std::optional<AtomicFile> trace;
  if (!options.trace.empty()) trace.emplace(options.trace);
  Measurement measurement{load_model(options, dtype, device), {}, {}};
  const Denoiser& unet = *measurement.model.unet;
  const auto [height, width] = parse_latent(options.latent, unet);
  const std::int64_t one_prompt = unet.info().time_cond_proj_dim > 0 ? 1 : 2;
  measurement.shape = {options.batch.value_or(one_prompt), {height, width}, options.text_tokens};

  const CallProfile profile = run_calls(options, measurement);
  measurement.summary = summarize(unet, profile, measurement.shape);
  if (options.format == "json") {
    print_json(options, measurement);
  } else {
    print_profile_table(measurement.summary, {.model = measurement.model.name,
                                              .dtype = dtype,
                                              .device = unet.info().device,
                                              .shape = measurement.shape,
                                              .repeats = options.calls.repeats,
                                              .load_seconds = measurement.model.load_seconds});
  }
  if (!trace) return;
  const std::string text = chrome_trace(unet.layers(), profile.instrumented.back(),
                                        multiply_adds(unet, measurement.shape), "UNet call")
                               .dump();
  trace->write(text.data(), text.size());
  trace->commit();
}

void add_options(CLI::App& command, ProfileCommandOptions& options) {
  command.add_option("MODEL_DIR", options.model,
                     "Model folder (diffusers layout) or its unet folder");
  add_variant_option(command, options.variant);
  command.add_option("--architecture", options.architecture,
                     "Instead of MODEL_DIR: sd15, sd21 or sdxl with random weights");
  add_whole_number(command, "--seed", options.seed, "Seed of latent, text and random weights", 0,
                   kLargestSeed)
      ->capture_default_str();
  command.add_option("--dtype", options.dtype, "float32, float16 or bfloat16")
      ->capture_default_str();
  command.add_option("--device", options.device, "cpu, cuda or cuda:N")->capture_default_str();
  add_threads(command, options.threads);
  add_whole_number(command, "--batch", options.batch,
                   "Batch of one call (default: one prompt with guidance, 2; 1 where the guidance "
                   "scale is an input of the network)",
                   1, kMost);
  command.add_option("--latent", options.latent,
                     "Side of the latent, or HEIGHTxWIDTH (default: the model's)");
  add_whole_number(command, "--text-tokens", options.text_tokens, "Text tokens", 1, kMost)
      ->capture_default_str();
  add_whole_number(command, "--repeats", options.calls.repeats,
                   "Calls to take medians of, plain and with clocks each", 1, kMost)
      ->capture_default_str();
  add_whole_number(command, "--warmup", options.calls.warmup, "Calls before them", 0, kMost)
      ->capture_default_str();
  command.add_option("--format", options.format, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  command.add_option("--trace", options.trace,
                     "File to write: the last call for Perfetto (https://ui.perfetto.dev) or "
                     "chrome://tracing");
}

}  // namespace

void add_profile_command(CLI::App& app) {
  const auto options = std::make_shared<ProfileCommandOptions>();
  CLI::App* command =
      app.add_subcommand("profile", "Where the time of one UNet call goes: blocks and operators");
  add_options(*command, *options);
  command->footer("Example: fdbench profile models/mini --latent 16 --trace trace.json");
  command->callback([options] { run_profile(*options); });
}

}  // namespace fdbench
