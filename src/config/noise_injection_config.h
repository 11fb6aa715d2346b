// `noise_injection:` of a config file, for a run or for all of them.
#pragma once

#include "config/config_key.h"
#include "config/experiment.h"
#include "execution/noise_injection.h"

namespace fdbench {

/// The keys of `noise_injection:`.
std::vector<KeyInfo> noise_injection_keys();

/// true (the paper's alpha), false, or a map {alpha, tau, placement}. Not resolved: what the map
/// leaves out is the variant's.
NoiseInjection read_noise_injection(const ConfigValue& value);

/// A run's own, else the file's: `inherited`, which does not reach runs of strategy `full`, because
/// the others are compared with them. Resolved for the steps, the variant and the execution of
/// `run`, which holds them. entry: of the run in the file.
NoiseInjection read_run_noise_injection(ConfigMap& entry, const RunSpec& run,
                                        const NoiseInjection& inherited);

}  // namespace fdbench
