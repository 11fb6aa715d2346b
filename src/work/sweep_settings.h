// What determines a sweep's results, from its config, the model's files and the machine.
#pragma once

#include "config/experiment.h"
#include "folders/model_folder.h"
#include "results/settings.h"
#include "work/prepared_sweep.h"

namespace fdbench {

/// Hashes of the weights, seed, prompts, every run, ... num_threads: that the machine gives.
Settings sweep_settings(const Experiment& experiment, const std::vector<StageFolder>& folders,
                        int num_threads);

/// What a run's latents depend on besides the sweep's settings, whatever the run is called: the
/// grid that its plan is, and how it is executed and sampled. Equal texts, equal work.
std::string work_of(const PreparedRun& run);

}  // namespace fdbench
