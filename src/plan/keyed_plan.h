// Plans that compute everything at key steps and treat some layers otherwise between them.
#pragma once

#include <span>
#include <string>

#include "models/denoiser.h"
#include "plan/key_steps.h"
#include "plan/plan.h"

namespace fdbench {

/// Throws a usage error that begins with `owner` unless the mask has num_steps entries and the
/// first one is set.
void check_key_steps(const KeySteps& key_steps, int num_steps, const std::string& owner);

/// Compute; but between key steps, `otherwise` in the layers that `is_chosen` picks.
Plan keyed_plan(const KeySteps& key_steps, std::span<const LayerInfo> layers, Cell otherwise,
                bool (*is_chosen)(const LayerInfo& layer));

}  // namespace fdbench
