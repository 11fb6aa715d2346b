// Whether a control network is of the same base model as a UNet.
#pragma once

#include <vector>

#include "models/denoiser.h"

namespace fdbench {

/// The layers of a control network that give the residuals of a UNet's skips, in their order, and
/// of its middle. skips: layers of the UNet that its decoder takes; mid: the last one before it.
/// pools: the residuals have one value a channel (`global_pool_conditions`). Throws a usage error
/// for a denoiser without skips and for a network of another base: other channels of the sample,
/// another width of the text, fewer residuals, or residuals of another size.
std::vector<int> residuals_for(const Denoiser& unet, std::vector<int> skips, int mid,
                               const Denoiser& network, bool pools);

}  // namespace fdbench
