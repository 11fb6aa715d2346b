// Options that go on to a sampler, from YAML to the JSON that diffusers writes them in.
#pragma once

#include <nlohmann/json.hpp>

#include "config/config_tree.h"

namespace fdbench {

/// Scalars as YAML 1.2's core schema has them (core/plain_scalar.h), and NaN, Infinity and
/// -Infinity as diffusers' files have them; in quotes they are texts.
nlohmann::json option_json(const ConfigTree& tree);

}  // namespace fdbench
