// A UNet with control networks beside it, as one denoiser: the layers of the networks come first,
// and a layer for each skip adds what they make of it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/denoiser.h"

namespace fdbench {

/// A control network and how it is used, under the names of diffusers'
/// StableDiffusionControlNetPipeline.
struct ControlNet {
  /// make_controlnet's.
  std::unique_ptr<Denoiser> network;
  /// Deeper residuals count more: 0.1 to 1, evenly spaced in their logarithm.
  bool guess_mode = false;
  /// `global_pool_conditions` of its config: its residuals have one value a channel, and guess_mode
  /// does not scale them.
  bool pools = false;
};

/// Names of the conditioning of control network `index`: "controlnet_cond" and
/// "conditioning_scale", of the second one "controlnet_cond_1" and so on.
std::string control_picture_name(std::size_t index);
/// [B], 1 where there is none: the residuals of each entry of the batch are multiplied with it (0
/// in the unconditional half with guess mode).
std::string control_scale_name(std::size_t index);

/// What names of the layers of network `index` of `count` begin with: "controlnet.", of several
/// "controlnets.0.".
std::string control_prefix(std::size_t index, std::size_t count);

/// Layers: those of each network, the UNet's encoder and bottleneck, "control_add.<i>" of each skip
/// and "control_add.mid", the decoder. The networks are optional: where a plan leaves one out, its
/// residuals are not added. Throws a usage error where a network does not fit the UNet: other
/// channels, or other residuals than skips.
std::unique_ptr<Denoiser> with_control(std::unique_ptr<Denoiser> unet,
                                       std::vector<ControlNet> controls);

}  // namespace fdbench
