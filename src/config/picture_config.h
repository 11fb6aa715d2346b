// `pictures:` of a config: in which pieces pictures are made, and what is kept of them.
#pragma once

#include <vector>

#include "config/config_key.h"
#include "config/experiment.h"

namespace fdbench {

/// The keys of `pictures:`, those of its maps as "predicted.steps".
std::vector<KeyInfo> picture_keys();

/// A map. Throws a usage error at the place of what is not known.
PictureSettings read_pictures(const ConfigValue& value);

}  // namespace fdbench
