// Random inputs of a UNet call: what stands in for latent and text where only time counts.
#pragma once

#include <cstdint>

#include "models/unet_config.h"
#include "profiling/layer_profile.h"

namespace fdbench {

/// Unit Gaussian latent and text, timestep 500, where the network takes one a unit Gaussian
/// embedded guidance scale, and for SDXL pooled text and the time ids of an uncropped picture. In
/// the model's dtype on its device. seed: of all that is random. Throws a usage error where the
/// config leaves no room for pooled text.
DenoiserInputs random_inputs(const UNetConfig& config, const SampleShape& shape, std::uint64_t seed,
                             at::ScalarType dtype, const at::Device& device);

}  // namespace fdbench
