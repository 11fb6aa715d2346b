// `key_steps:` of a run, and --key-steps.
#pragma once

#include <string>

#include "config/config_reader.h"
#include "plan/key_steps.h"

namespace fdbench {

/// A list, a map ({uniform: K}, {list: [...]}, {mask: [...]}, {preset: NAME}, {start, end,
/// max_run}), or one word as `named_key_steps` takes it. Throws usage errors with the place.
NamedKeySteps read_key_steps(const ConfigValue& value, int num_steps);

/// The same as text on the command line, by the same reader; faults name the option.
NamedKeySteps key_steps_option(const std::string& text, int num_steps);

}  // namespace fdbench
