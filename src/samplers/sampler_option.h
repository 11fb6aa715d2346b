// What a sampler says of its options.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace fdbench {

/// One option of a sampler. The function that reads the option declares it (sampler_options.h).
struct SamplerOption {
  std::string name;
  /// Which values it takes: "true or false", "number, 0 to 1".
  std::string value;
  nlohmann::json initial;
  std::string help;
};

}  // namespace fdbench
