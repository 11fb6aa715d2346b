// `latent:` of a config, and --latent.
#pragma once

#include <cstdint>
#include <string>

#include "config/config_reader.h"

namespace fdbench {

/// Sides of a latent, each from 1.
struct LatentSize {
  std::int64_t height = 0, width = 0;
};

/// One side, [height, width] or HEIGHTxWIDTH. Throws usage errors with the place.
LatentSize read_latent(const ConfigValue& value);

/// The same as text on the command line, by the same reader; faults name the option.
LatentSize latent_option(const std::string& text);

}  // namespace fdbench
