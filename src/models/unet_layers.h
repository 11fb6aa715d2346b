// The layers of a UNet2DConditionModel: the columns of the plan.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <utility>
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

/// Layers of a graph on the meta device, which take their weights when they first run.
class UnreadLayers {
 public:
  UnreadLayers(std::unique_ptr<Weights> weights, std::size_t num_layers)
      : weights_(std::move(weights)), modules_(num_layers), num_unread_(num_layers) {}

  Weights& weights() { return *weights_; }
  /// Layer `index` with its weights, which are read once; the file is closed after the last layer.
  const UNetModule& read(std::size_t index, const UNetLayer& layer);

 private:
  std::mutex mutex_;
  std::unique_ptr<Weights> weights_;
  std::vector<std::optional<UNetModule>> modules_;
  std::size_t num_unread_;
};

/// Takes the weights of all layers and wires them as diffusers does.
UNetGraph make_unet_graph(const UNetConfig& config, Weights& weights);

/// Side of a feature map after `level` halvings.
std::int64_t side_at_level(std::int64_t side, std::int64_t level, std::int64_t downsample_padding);

}  // namespace fdbench
