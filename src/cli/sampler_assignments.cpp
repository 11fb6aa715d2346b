#include "cli/sampler_assignments.h"

#include "config/option_json.h"
#include "core/error.h"

namespace fdbench {
nlohmann::json sampler_assignments(const std::vector<std::string>& assignments) {
  nlohmann::json options = nlohmann::json::object();
  for (const std::string& assignment : assignments) {
    const std::size_t sign = assignment.find('=');
    if (sign == std::string::npos || sign == 0) {
      throw usage_error("--sampler-option '" + assignment + "': write it as key=value");
    }
    const std::string key = assignment.substr(0, sign);
    if (options.contains(key)) throw usage_error("--sampler-option: '" + key + "' is given twice");
    const std::string value = assignment.substr(sign + 1);
    options[key] = option_json(parse_argument(value, "--sampler-option " + key));
  }
  return options;
}

}  // namespace fdbench
