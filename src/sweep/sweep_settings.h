// What determines a sweep's results, from its config, the model's files and the machine.
#pragma once

#include "config/experiment.h"
#include "io/model_folder.h"
#include "results/settings.h"

namespace fdbench {

/// Hashes of the weights, seed, prompts, every run, ... num_threads: that the machine gives.
Settings sweep_settings(const Experiment& experiment, const ModelFolder& folder, int num_threads);

/// All but what only decides how many timing rounds there are, which may be raised.
Settings without_round_counts(Settings settings);

}  // namespace fdbench
