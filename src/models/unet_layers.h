// The layers of a UNet2DConditionModel: the columns of the plan.
#pragma once

#include <vector>

#include "models/denoiser.h"
#include "models/unet_config.h"
#include "models/unet_modules.h"

namespace fdbench {

/// A layer with its place.
struct UNetLayer {
  UNetModule module;
  /// The module again, with other weights.
  UNetModuleMaker make;
  /// Halvings of its output, and the channels of that.
  std::int64_t level = 0, channels = 0;
};

/// Layers and the graph between them.
struct UNetGraph {
  std::vector<LayerInfo> infos;
  /// As long as infos, as is num_parameters.
  std::vector<UNetLayer> layers;
  std::vector<std::int64_t> num_parameters;
};

/// Takes the weights of all layers and wires them as diffusers does.
UNetGraph make_unet_graph(const UNetConfig& config, Weights& weights);

/// Side of a feature map after `level` halvings.
std::int64_t side_at_level(std::int64_t side, std::int64_t level, std::int64_t downsample_padding);

}  // namespace fdbench
