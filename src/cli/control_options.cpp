#include "cli/control_options.h"

#include <cmath>
#include <string>
#include <utility>

#include "core/error.h"

namespace fdbench {
namespace {

/// One for all networks, or one each; `fallback` where none is given.
double entry_of(const std::vector<double>& values, std::size_t index, double fallback) {
  if (values.empty()) return fallback;
  return values.size() == 1 ? values[0] : values[index];
}

void check_count(const std::string& option, std::size_t count, std::size_t num_networks) {
  if (count <= 1 || count == num_networks) return;
  throw usage_error(option + " is given " + std::to_string(count) + " times for " +
                    std::to_string(num_networks) + " --controlnet");
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
}

std::vector<ControlSource> control_sources(const ControlOptions& options) {
  const std::size_t count = options.folders.size();
  const bool has_more = !options.images.empty() || !options.scales.empty() ||
                        !options.starts.empty() || !options.ends.empty() || options.guess_mode;
  if (count == 0 && has_more) {
    throw usage_error(
        "--control-image, --control-scale, --control-start, --control-end and "
        "--guess-mode need --controlnet DIR");
  }
  if (options.images.size() != count) {
    throw usage_error(std::to_string(count) + " --controlnet want as many --control-image, not " +
                      std::to_string(options.images.size()));
  }
  check_count("--control-scale", options.scales.size(), count);
  check_count("--control-start", options.starts.size(), count);
  check_count("--control-end", options.ends.size(), count);
  std::vector<ControlSource> sources = control_folders(options.folders, options.guess_mode);
  for (std::size_t i = 0; i < count; ++i) {
    ControlSource& source = sources[i];
    source.controlnet_conditioning_scale = entry_of(options.scales, i, 1);
    source.control_guidance_start = entry_of(options.starts, i, 0);
    source.control_guidance_end = entry_of(options.ends, i, 1);
    if (!std::isfinite(source.controlnet_conditioning_scale)) {
      throw usage_error("--control-scale must be a finite number");
    }
    if (source.control_guidance_start >= source.control_guidance_end) {
      throw usage_error("--control-start must be below --control-end");
    }
  }
  return resolved_controls(std::move(sources));
}

}  // namespace fdbench
