// The value of a strategy's option in a config, and as text on the command line.
#pragma once

#include <string>

#include "config/config_reader.h"
#include "plan/option.h"

namespace fdbench {

/// A value of the option's type and range; key steps are for num_steps. Throws usage errors with
/// the place.
OptionValue read_option(const ConfigValue& value, const Option& option, int num_steps);

/// The same of the text behind `option.flag_name()`, which faults name. Structured values are YAML.
OptionValue option_of_text(const std::string& text, const Option& option, int num_steps);

}  // namespace fdbench
