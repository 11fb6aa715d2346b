// What a strategy makes of control networks between key steps.
#pragma once

#include <span>

#include "models/denoiser.h"
#include "plan/key_steps.h"
#include "plan/option.h"
#include "plan/plan.h"

namespace fdbench {

/// Name of the option.
inline constexpr const char* kControlOption = "control";

enum class ControlUse {
  /// What the networks made at the key step before stays as it is.
  kHold,
  /// They run at every step.
  kCompute,
  /// Their residuals are added at key steps alone.
  kDrop,
};

/// The option `control` of a strategy. usual: what a run without it does, for its help.
Option control_option(ControlUse usual);

/// values: of a strategy's options. Throws a usage error where the option is given for a model
/// without a control network.
ControlUse control_use_of(const OptionSet& values, ControlUse usual,
                          std::span<const LayerInfo> layers);

/// True for a layer that adds residuals to what a UNet's encoder made ("control_add.0"): of the
/// part control, but not of a network.
std::vector<bool> residual_sums(std::span<const LayerInfo> layers);

/// The layer of the UNet to whose output `layer` adds residuals; `layer` itself where it is no such
/// sum.
int without_residuals(int layer, std::span<const LayerInfo> layers);

/// Gives the networks' layers the cells of the use, between key steps.
void set_networks(Plan& plan, const KeySteps& key_steps, std::span<const LayerInfo> layers,
                  ControlUse use);

}  // namespace fdbench
