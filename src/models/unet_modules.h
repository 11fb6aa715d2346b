// The kinds of layers that a UNet2DConditionModel has, and how each is made from its weights.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>

#include "models/unet_config.h"
#include "nn/control_embedding.h"
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

/// First layer of a control network: the sample's convolution and what is made of the control
/// picture, added.
struct ControlIn {
  Conv2d conv;
  ControlNetConditioningEmbedding embedding;
  bool is_bgr = false;
};

/// Last layers of a control network: [B, C, H, W] -> the residual of a skip or of the bottleneck,
/// [B, C, H, W], or with `pools` [B, C, 1, 1].
struct ControlOut {
  Conv2d conv;
  bool pools = false;
};

using UNetModule = std::variant<ConvIn, ResnetBlock2D, Transformer2DModel, Downsample2D, Upsample2D,
                                ConvOut, ControlIn, ControlOut>;

/// Takes the module's weights and packs them. Holds all that it needs, since it may be called again
/// when the configuration is gone.
using UNetModuleMaker = std::function<UNetModule(Weights&)>;

/// Of the usual input of a module, for which its weights are packed.
struct FeatureMapSize {
  std::int64_t height = 1, width = 1;
};

// key: name of the module, as its weights' names begin.

UNetModuleMaker conv_in_maker(const UNetConfig& config, FeatureMapSize size);
UNetModuleMaker resnet_maker(std::string key, const ResnetOptions& options, FeatureMapSize size);
UNetModuleMaker transformer_maker(std::string key, const TransformerOptions& options);
UNetModuleMaker downsample_maker(std::string key, std::int64_t channels, std::int64_t padding,
                                 FeatureMapSize size);
UNetModuleMaker upsample_maker(std::string key, std::int64_t channels, FeatureMapSize size);
/// channels: of the last up block.
UNetModuleMaker conv_out_maker(const UNetConfig& config, std::int64_t channels,
                               FeatureMapSize size);
/// config: of a control network.
UNetModuleMaker control_in_maker(const UNetConfig& config, FeatureMapSize size);
UNetModuleMaker control_out_maker(std::string key, std::int64_t channels, bool pools,
                                  FeatureMapSize size);

}  // namespace fdbench
