#include "cli/control_options.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "cli/plain_options.h"
#include "core/error.h"
#include "tasks/control_preprocessors.h"

namespace fdbench {
namespace {

/// One for all networks, or one each; `fallback` where none is given.
template <typename T>
T entry_of(const std::vector<T>& values, std::size_t index, const T& fallback) {
  if (values.empty()) return fallback;
  return values.size() == 1 ? values[0] : values[index];
}

void check_count(const std::string& option, std::size_t count, std::size_t num_networks) {
  if (count <= 1 || count == num_networks) return;
  throw usage_error(option + " is given " + std::to_string(count) + " times for " +
                    std::to_string(num_networks) + " --controlnet");
}

/// How pictures become what networks are shown.
void add_preprocessing_options(CLI::App& command, ControlOptions& options) {
  command
      .add_option(
          "--control-from", options.from,
          "--control-image is an ordinary picture, of any size, to make the control picture "
          "of: canny (its edges) or scribble (strokes); none (default): it is one. For all "
          "networks or each")
      ->take_all()
      ->allow_extra_args(false)
      ->check(CLI::IsMember(control_kinds()));
  add_number(command, "--control-low", options.low,
             "canny: gradient that an edge may go on at (default: 100)", 0);
  add_number(command, "--control-high", options.high,
             "canny: gradient that an edge needs somewhere (default: 200)", 0);
  add_whole_number(command, "--control-aperture", options.aperture,
                   "canny: side of the Sobel kernels, 3 (default), 5 or 7", 3, 7);
  command.add_flag("--control-l2-gradient", options.l2_gradient,
                   "canny: gradients by the squares of their parts");
  command.add_option("--control-hed", options.hed,
                     "scribble: weights of the HED network, .safetensors");
  command
      .add_option("--control-variant", options.variant,
                  "How the picture is brought to size: authors (default; cut to shape, bicubic) or "
                  "original (ControlNet's annotators)")
      ->check(CLI::IsMember(control_variants()));
}

/// Throws for options of a preprocessor that no network asks for, and for one without what it
/// needs.
void check_preprocessing(const ControlOptions& options) {
  const auto asked = [&](const char* kind) {
    return std::find(options.from.begin(), options.from.end(), kind) != options.from.end();
  };
  const bool of_canny = options.low || options.high || options.aperture || options.l2_gradient;
  if (of_canny && !asked("canny")) {
    throw usage_error(
        "--control-low, --control-high, --control-aperture and --control-l2-gradient need "
        "--control-from canny");
  }
  if (asked("scribble") == options.hed.empty()) {
    throw usage_error(asked("scribble")
                          ? "--control-from scribble needs --control-hed FILE, the weights of "
                            "ControlNet's HED network as .safetensors"
                          : "--control-hed needs --control-from scribble");
  }
  if (!options.variant.empty() && !asked("canny") && !asked("scribble")) {
    throw usage_error("--control-variant needs --control-from canny or scribble");
  }
}

ControlPreprocessing preprocessing_of(const ControlOptions& options, std::size_t index) {
  ControlPreprocessing made;
  made.from = entry_of<std::string>(options.from, index, made.from);
  made.canny.low = options.low.value_or(made.canny.low);
  made.canny.high = options.high.value_or(made.canny.high);
  made.canny.aperture = options.aperture.value_or(made.canny.aperture);
  made.canny.l2_gradient = options.l2_gradient;
  check_canny(made.canny);
  made.hed = options.hed;
  if (!options.variant.empty()) made.variant = options.variant;
  return made;
}

}  // namespace

std::vector<ControlSource> control_folders(const std::vector<std::filesystem::path>& named,
                                           bool guess_mode) {
  std::vector<ControlSource> sources;
  for (const std::filesystem::path& one : named) {
    ControlSource& source = sources.emplace_back();
    source.guess_mode = guess_mode;
    std::error_code ignored;
    const bool is_folder = std::filesystem::exists(one, ignored) || one.has_parent_path();
    if (is_folder) {
      source.model.folder = one;
    } else {
      source.model.architecture = one.string();
    }
  }
  return sources;
}

void add_control_options(CLI::App& command, ControlOptions& options) {
  command
      .add_option("--controlnet", options.folders,
                  "Folder of a control network, or sd15, sd21, sdxl for random weights; several: "
                  "each with its --control-image")
      ->take_all()
      ->allow_extra_args(false);
  command
      .add_option("--control-image", options.images,
                  "Picture that the network is shown, of the size of the pictures")
      ->take_all()
      ->allow_extra_args(false);
  command
      .add_option("--control-scale", options.scales,
                  "What its residuals are multiplied with (default: 1), for all networks or each")
      ->take_all()
      ->allow_extra_args(false);
  command
      .add_option("--control-start", options.starts,
                  "Share of the steps before it counts (default: 0)")
      ->take_all()
      ->allow_extra_args(false)
      ->check(CLI::Range(0.0, 1.0));
  command
      .add_option("--control-end", options.ends,
                  "Share of the steps until which it counts (default: 1)")
      ->take_all()
      ->allow_extra_args(false)
      ->check(CLI::Range(0.0, 1.0));
  command.add_flag("--guess-mode", options.guess_mode,
                   "Control of the conditional half alone, deeper residuals counting more");
  add_preprocessing_options(command, options);
}

std::vector<ControlSource> control_sources(const ControlOptions& options) {
  const std::size_t count = options.folders.size();
  const bool has_more = !options.images.empty() || !options.scales.empty() ||
                        !options.starts.empty() || !options.ends.empty() || options.guess_mode ||
                        !options.from.empty();
  if (count == 0 && has_more) {
    throw usage_error(
        "--control-image, --control-scale, --control-start, --control-end, --guess-mode and "
        "--control-from need --controlnet DIR");
  }
  if (options.images.size() != count) {
    throw usage_error(std::to_string(count) + " --controlnet want as many --control-image, not " +
                      std::to_string(options.images.size()));
  }
  check_count("--control-scale", options.scales.size(), count);
  check_count("--control-start", options.starts.size(), count);
  check_count("--control-end", options.ends.size(), count);
  check_count("--control-from", options.from.size(), count);
  check_preprocessing(options);
  std::vector<ControlSource> sources = control_folders(options.folders, options.guess_mode);
  for (std::size_t i = 0; i < count; ++i) {
    ControlSource& source = sources[i];
    source.controlnet_conditioning_scale = entry_of(options.scales, i, 1.0);
    source.control_guidance_start = entry_of(options.starts, i, 0.0);
    source.control_guidance_end = entry_of(options.ends, i, 1.0);
    if (!std::isfinite(source.controlnet_conditioning_scale)) {
      throw usage_error("--control-scale must be a finite number");
    }
    source.preprocessing = preprocessing_of(options, i);
    if (source.control_guidance_start >= source.control_guidance_end) {
      throw usage_error("--control-start must be below --control-end");
    }
  }
  return resolved_controls(std::move(sources));
}

}  // namespace fdbench
