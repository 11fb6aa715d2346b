// --controlnet and what goes with it.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tasks/control_pictures.h"

namespace fdbench {

struct ControlOptions {
  std::vector<std::filesystem::path> folders, images;
  std::vector<double> scales, starts, ends;
  bool guess_mode = false;
  /// What control pictures are made by; empty: they are given as they are.
  std::vector<std::string> from;
  std::optional<double> low, high;
  std::optional<int> aperture;
  bool l2_gradient = false;
  std::filesystem::path hed;
  std::string variant;
};

void add_control_options(CLI::App& command, ControlOptions& options);

/// Control networks as they are named on the command line: folders, or names of
/// models/architectures where there is no such folder (random weights).
std::vector<ControlSource> control_folders(const std::vector<std::filesystem::path>& named,
                                           bool guess_mode = false);

/// One for each --controlnet. Throws a usage error where there are other numbers of pictures,
/// scales, starts or ends, where a start is not before its end, for options without a network, and
/// for options of a preprocessor that is not asked for.
std::vector<ControlSource> control_sources(const ControlOptions& options);

}  // namespace fdbench
