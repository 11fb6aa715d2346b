// The part of a config file that describes runs.
#pragma once

#include <string>
#include <vector>

#include "config/config_key.h"
#include "config/experiment.h"

namespace fdbench {

/// `sampler:` a name, or a map of a name and options that override the model folder's.
SamplerChoice read_sampler(const ConfigValue& value);

/// The keys of `savings:`.
std::vector<KeyInfo> savings_keys();

/// `savings:` all, none, or a map of single switches that changes `savings`.
ExactSavings read_savings(const ConfigValue& value, ExactSavings savings);

/// `variant:` paper or authors.
Variant read_variant(const ConfigValue& value);

/// `reuse:` hold, linear or taylor2.
Reuse read_reuse(const ConfigValue& value);

/// One entry of `runs:`; a list of executions makes several runs. defaults: what the entry does not
/// set. stages: of the model, which `stages: {NAME: {strategy: ...}}` of the entry may treat apart.
std::vector<RunSpec> read_run(const ConfigValue& value, const RunSpec& defaults,
                              const std::vector<StageSettings>& stages);

}  // namespace fdbench
