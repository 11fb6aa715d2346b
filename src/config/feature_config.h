// `features:` of a config: what is recorded of block outputs.
#pragma once

#include "config/config_key.h"
#include "config/experiment.h"

namespace fdbench {

/// The keys of `features:`, those of its maps as "pca.steps".
std::vector<KeyInfo> feature_keys();

/// true, false, or a map. Throws a usage error at the place of what is not known.
FeatureSettings read_features(const ConfigValue& value);

}  // namespace fdbench
