// `noise_injection:` of a config file, for a run or for all of them.
#pragma once

#include "config/config_key.h"
#include "execution/noise_injection.h"

namespace fdbench {

/// The keys of `noise_injection:`.
std::vector<KeyInfo> noise_injection_keys();

/// true (the paper's), false, or a map {alpha, tau, placement}; what the map leaves out is the
/// paper's. Not resolved: tau may still be 0, half of the steps.
NoiseInjection read_noise_injection(const ConfigValue& value);

/// A run's own, else the file's: `inherited`, which does not reach runs of strategy `full`, because
/// the others are compared with them. Resolved for the run's steps. run: its entry.
NoiseInjection read_run_noise_injection(ConfigMap& run, const std::string& strategy,
                                        const NoiseInjection& inherited, int num_steps);

}  // namespace fdbench
