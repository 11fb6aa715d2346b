// All that determines a sweep's results as flat "key: value" text, for names of work units and for
// saying what changed.
#pragma once

#include <map>
#include <string>

#include "io/model_folder.h"
#include "sweep/prepared_sweep.h"

namespace fdbench {

using Settings = std::map<std::string, std::string>;

/// Hashes of the weights, seed, prompts, every run, ... num_threads: that the machine gives.
Settings sweep_settings(const Experiment& experiment, const ModelFolder& folder, int num_threads);

/// All but what only decides how many timing rounds there are, which may be raised.
Settings without_round_counts(Settings settings);

std::string settings_json(const Settings& settings);
/// Empty for text that is no such JSON.
Settings settings_from_json(const std::string& text);

/// "timing.rounds (8, now 12), runs.drop (new)": at most three differences; "" when there is none.
std::string describe_changes(const Settings& before, const Settings& now);

}  // namespace fdbench
