#include "cli/sampler_assignments.h"

#include "core/error.h"
#include "io/json_text.h"

namespace fdbench {
namespace {

nlohmann::json value_of(const std::string& text) {
  try {
    return parse_json(text);
  } catch (const nlohmann::json::exception&) {
    return text;
  }
}

}  // namespace

nlohmann::json sampler_assignments(const std::vector<std::string>& assignments) {
  nlohmann::json options = nlohmann::json::object();
  for (const std::string& assignment : assignments) {
    const std::size_t sign = assignment.find('=');
    if (sign == std::string::npos || sign == 0) {
      throw usage_error("--sampler-option '" + assignment + "': write it as key=value");
    }
    const std::string key = assignment.substr(0, sign);
    if (options.contains(key)) throw usage_error("--sampler-option: '" + key + "' is given twice");
    options[key] = value_of(assignment.substr(sign + 1));
  }
  return options;
}

}  // namespace fdbench
