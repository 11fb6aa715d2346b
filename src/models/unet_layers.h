// The layers of a UNet2DConditionModel: the columns of the plan.
#pragma once

#include <span>
#include <variant>
#include <vector>

#include "models/denoiser.h"
#include "models/unet_config.h"
#include "nn/resnet.h"
#include "nn/sampling.h"
#include "nn/transformer.h"

namespace fdbench {

/// First convolution: [B, in_channels, H, W] -> [B, C, H, W].
struct ConvIn {
  Conv2d conv;
  bool center_input_sample = false;
};

/// Last normalisation, activation and convolution: [B, C, H, W] -> [B, out_channels, H, W].
struct ConvOut {
  GroupNorm norm;
  Activation activation = Activation::kSilu;
  Conv2d conv;
};

/// A layer with its place: `level` counts the halvings of its output.
struct UNetLayer {
  std::variant<ConvIn, ResnetBlock2D, Transformer2DModel, Downsample2D, Upsample2D, ConvOut> module;
  std::int64_t level = 0;
  bool shares_inputs =
      false;  // inputs and time embedding are the same for both halves of a guidance batch
};

/// Layers and the graph between them.
struct UNetGraph {
  std::vector<LayerInfo> infos;
  std::vector<UNetLayer> layers;             // as long as infos
  std::vector<std::int64_t> num_parameters;  // as long as infos
};

/// Takes the weights of all layers and wires them as diffusers does.
UNetGraph make_unet_graph(const UNetConfig& config, Weights& weights);

/// Side of a feature map after `level` halvings.
std::int64_t side_at_level(std::int64_t side, std::int64_t level, std::int64_t downsample_padding);

}  // namespace fdbench
