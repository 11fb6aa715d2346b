#include <ATen/Parallel.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "cli/commands.h"
#include "core/device.h"
#include "core/error.h"
#include "core/progress.h"
#include "io/atomic_file.h"
#include "io/model_folder.h"
#include "metrics/chrome_trace.h"
#include "metrics/profile_summary.h"
#include "metrics/random_inputs.h"
#include "models/unet_2d_condition.h"

namespace fdbench {
namespace {

constexpr std::int64_t kDefaultSide = 64;
constexpr int kBarWidth = 24;
constexpr std::size_t kNumOperators = 12;  // of the table; JSON has all

struct ProfileCommandOptions {
  std::string model, architecture, latent;
  std::string dtype = "bfloat16", device = "cpu", format = "table";
  std::filesystem::path trace;
  std::uint64_t seed = 0;
  int threads = 0;
  std::int64_t batch = 2, text_tokens = 77;
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

void check_positive(const char* option, std::int64_t value) {
  if (value > 0) return;
  throw usage_error(std::string(option) + " " + std::to_string(value) + ": must be 1 or more");
}

void check_options(const ProfileCommandOptions& options) {
  if (options.model.empty() == options.architecture.empty()) {
    throw usage_error(options.model.empty()
                          ? "no model: give MODEL_DIR or --architecture"
                          : "MODEL_DIR and --architecture are both given: only one can be used");
  }
  check_positive("--batch", options.batch);
  check_positive("--text-tokens", options.text_tokens);
  check_positive("--repeats", options.calls.repeats);
  if (options.calls.warmup < 0) throw usage_error("--warmup: must be 0 or more");
}

/// "64" or "96x64" (height x width) -> {height, width}; "" -> the model's own size.
std::pair<std::int64_t, std::int64_t> parse_latent(const std::string& text, const Denoiser& unet) {
  if (text.empty()) {
    return {unet.sample_size() > 0 ? unet.sample_size() : kDefaultSide,
            unet.sample_width() > 0 ? unet.sample_width() : kDefaultSide};
  }
  const auto side = [&](const std::string& digits) {
    std::int64_t value = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value);
    if (error == std::errc() && stop == end && value > 0) return value;
    throw usage_error("--latent '" + text + "': write a side such as 64, or HEIGHTxWIDTH such as " +
                      "96x64, each 1 or more");
  };
  const std::size_t cross = text.find('x');
  const std::int64_t height = side(text.substr(0, cross));
  return {height, cross == std::string::npos ? height : side(text.substr(cross + 1))};
}

ProfiledModel open_model(const ProfileCommandOptions& options, at::ScalarType dtype,
                         const at::Device& device) {
  TimeSpan time{steady_nanoseconds(), 0};
  const ModelFolder folder(options.model);
  ProfiledModel model{options.model, {}, nullptr, 0};
  const nlohmann::json config = folder.config("unet");
  model.config = read_unet_config(config, folder.config_path("unet"));
  const auto weights = folder.weights("unet", dtype, device);
  model.unet = make_unet_2d_condition(config, *weights, folder.config_path("unet"));
  synchronize(device);
  time.end = steady_nanoseconds();
  model.load_seconds = time.seconds();
  return model;
}

CallProfile run_calls(const ProfileCommandOptions& options, const Measurement& measurement) {
  const Denoiser& unet = *measurement.model.unet;
  const DenoiserInputs inputs = random_inputs(measurement.model.config, measurement.shape,
                                              options.seed, unet.dtype(), unet.device());
  const int num_calls = options.calls.warmup + 2 * options.calls.repeats;
  Progress progress(stderr, true, num_calls, 0);
  const auto show = [&](int done) {
    progress.show(done, std::to_string(done) + " of " + std::to_string(num_calls) + " UNet calls");
  };
  show(0);
  return profile_calls(unet, inputs, options.calls, show);
}

std::string bar(double share, double largest) {
  const int filled = largest > 0 ? static_cast<int>(share / largest * kBarWidth + 0.5) : 0;
  return std::string(filled, '#') + std::string(kBarWidth - filled, ' ');
}

/// "812 MB", "1.72 GB".
std::string bytes_text(std::int64_t bytes) {
  char text[32];
  const auto value = static_cast<double>(bytes);
  const bool large = bytes >= 1'000'000'000;
  std::snprintf(text, sizeof text, large ? "%.2f GB" : "%.1f MB", value / (large ? 1e9 : 1e6));
  return text;
}

void print_row(const ProfileRow& row, double largest) {
  std::printf("%-18s %10.2f %6.1f%%  %s", row.name.c_str(), 1e3 * row.seconds, 100 * row.share,
              bar(row.share, largest).c_str());
  if (row.multiply_adds) {
    std::printf(" %11.3f %9.1f", 1e-9 * static_cast<double>(*row.multiply_adds), row.gmac_per_s());
  } else {
    std::printf(" %11s %9s", "-", "-");
  }
  std::printf(" %12.3f\n", 1e-6 * static_cast<double>(row.parameters));
}

void print_rows(const std::vector<ProfileRow>& rows) {
  double largest = 0;
  for (const ProfileRow& row : rows) largest = std::max(largest, row.share);
  for (const ProfileRow& row : rows) print_row(row, largest);
}

void print_blocks(const ProfileSummary& summary) {
  std::printf("%-18s %10s %7s  %-*s %11s %9s %12s\n", "block", "ms", "share", kBarWidth, "",
              "mult-adds G", "GMAC/s", "parameters M");
  print_rows(summary.blocks);
  std::printf("\n");
  print_rows(summary.parts);
}

void print_operators(const ProfileSummary& summary, const at::Device& device) {
  if (summary.operators.empty()) {
    std::printf("\nno operator times on %s: calls only queue work there\n", device.str().c_str());
    return;
  }
  std::printf("\n%-36s %10s %7s %7s\n", "operator", "self ms", "share", "calls");
  const std::size_t shown = std::min(kNumOperators, summary.operators.size());
  OperatorRow rest{"(" + std::to_string(summary.operators.size() - shown) + " others)"};
  for (std::size_t i = 0; i < summary.operators.size(); ++i) {
    const OperatorRow& row = summary.operators[i];
    if (i < shown) {
      std::printf("%-36s %10.2f %6.1f%% %7lld\n", row.name.c_str(), 1e3 * row.seconds,
                  100 * row.share, static_cast<long long>(row.calls));
    } else {
      rest.seconds += row.seconds;
      rest.share += row.share;
      rest.calls += row.calls;
    }
  }
  if (shown == summary.operators.size()) return;
  std::printf("%-36s %10.2f %6.1f%% %7lld\n", rest.name.c_str(), 1e3 * rest.seconds,
              100 * rest.share, static_cast<long long>(rest.calls));
}

void print_table(const ProfileCommandOptions& options, const Measurement& measurement) {
  const ProfileSummary& summary = measurement.summary;
  const Denoiser& unet = *measurement.model.unet;
  std::printf("%s: %.1f M parameters, %s on %s\n", measurement.model.name.c_str(),
              1e-6 * static_cast<double>(summary.parameters), dtype_name(unet.dtype()).c_str(),
              device_description(unet.device()).c_str());
  std::printf("one UNet call: batch %lld, latent %lldx%lld, %lld text tokens; medians of %d\n\n",
              static_cast<long long>(measurement.shape.batch),
              static_cast<long long>(measurement.shape.height),
              static_cast<long long>(measurement.shape.width),
              static_cast<long long>(measurement.shape.text_tokens), options.calls.repeats);
  print_blocks(summary);
  print_operators(summary, unet.device());
  std::printf(
      "\nUNet %.4f s a call (%.4f to %.4f), %.1f GMAC/s, peak memory %s above %s of weights\n",
      summary.unet.median, summary.unet.min, summary.unet.max, summary.gmac_per_s(),
      bytes_text(summary.peak_bytes).c_str(), bytes_text(summary.weights_bytes).c_str());
  std::printf(
      "times of blocks and operators are from calls that took %+.1f%% with the clocks; "
      "loaded in %.2f s\n",
      100 * (summary.instrumented.median / summary.unet.median - 1),
      measurement.model.load_seconds);
}

void print_json(const ProfileCommandOptions& options, const Measurement& measurement) {
  const Denoiser& unet = *measurement.model.unet;
  nlohmann::ordered_json json = {{"model", measurement.model.name},
                                 {"device", unet.device().str()},
                                 {"device_name", device_description(unet.device())},
                                 {"dtype", dtype_name(unet.dtype())},
                                 {"threads", at::get_num_threads()},
                                 {"batch", measurement.shape.batch},
                                 {"latent", {measurement.shape.height, measurement.shape.width}},
                                 {"text_tokens", measurement.shape.text_tokens},
                                 {"seed", options.seed},
                                 {"repeats", options.calls.repeats},
                                 {"warmup", options.calls.warmup},
                                 {"load_s", measurement.model.load_seconds}};
  json.update(summary_json(measurement.summary));
  if (!unet.device().is_cpu()) json["note"] = "operators are timed on the CPU only";
  std::printf("%s\n", json.dump(2).c_str());
}

void run_profile(const ProfileCommandOptions& options) {
  check_options(options);
  if (options.threads > 0) at::set_num_threads(options.threads);
  const at::ScalarType dtype = parse_dtype(options.dtype);
  const at::Device device = parse_device(options.device);
  std::optional<AtomicFile> trace;  // made first: a path that cannot be written costs no waiting
  if (!options.trace.empty()) trace.emplace(options.trace);
  Measurement measurement{open_model(options, dtype, device), {}, {}};
  const Denoiser& unet = *measurement.model.unet;
  const auto [height, width] = parse_latent(options.latent, unet);
  measurement.shape = {options.batch, height, width, options.text_tokens};

  const CallProfile profile = run_calls(options, measurement);
  measurement.summary = summarize(unet, profile, measurement.shape);
  options.format == "json" ? print_json(options, measurement) : print_table(options, measurement);
  if (!trace) return;
  const std::string text = chrome_trace(unet.layers(), profile.instrumented.back(),
                                        unet.multiply_adds(measurement.shape), "UNet call")
                               .dump();
  trace->write(text.data(), text.size());
  trace->commit();
}

void add_options(CLI::App& command, ProfileCommandOptions& options) {
  command.add_option("MODEL_DIR", options.model,
                     "Model folder (diffusers layout) or its unet folder");
  command.add_option("--architecture", options.architecture,
                     "Instead of a folder: this architecture with random weights");
  command.add_option("--seed", options.seed, "Seed of latent, text and random weights")
      ->capture_default_str();
  command.add_option("--dtype", options.dtype, "float32, float16 or bfloat16")
      ->capture_default_str();
  command.add_option("--device", options.device, "cpu, cuda or cuda:N")->capture_default_str();
  command.add_option("--threads", options.threads, "Threads (default: all cores)")
      ->check(CLI::PositiveNumber);
  command.add_option("--batch", options.batch, "Batch of one call; 2 is one prompt with guidance")
      ->capture_default_str();
  command.add_option("--latent", options.latent,
                     "Side of the latent, or HEIGHTxWIDTH (default: the model's)");
  command.add_option("--text-tokens", options.text_tokens, "Text tokens")->capture_default_str();
  command
      .add_option("--repeats", options.calls.repeats,
                  "Calls to take medians of, plain and with clocks each")
      ->capture_default_str();
  command.add_option("--warmup", options.calls.warmup, "Calls before them")->capture_default_str();
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
