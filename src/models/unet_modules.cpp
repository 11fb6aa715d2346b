#include "models/unet_modules.h"

#include <utility>

namespace fdbench {

UNetModuleMaker conv_in_maker(const UNetConfig& config, FeatureMapSize size) {
  return [in_channels = config.in_channels, channels = config.down_blocks[0].channels,
          kernel = config.conv_in_kernel, center = config.center_input_sample,
          size](Weights& weights) {
    ConvIn in{Conv2d(WeightScope(weights, "conv_in"), in_channels, channels, kernel), center};
    in.conv.pack(size.height, size.width);
    return in;
  };
}

UNetModuleMaker resnet_maker(std::string key, const ResnetOptions& options, FeatureMapSize size) {
  return [key = std::move(key), options, size](Weights& weights) {
    ResnetBlock2D resnet(WeightScope(weights, key), options);
    resnet.pack(size.height, size.width);
    return resnet;
  };
}

UNetModuleMaker transformer_maker(std::string key, const TransformerOptions& options) {
  return [key = std::move(key), options](Weights& weights) {
    Transformer2DModel transformer(WeightScope(weights, key), options);
    transformer.pack();
    return transformer;
  };
}

UNetModuleMaker downsample_maker(std::string key, std::int64_t channels, std::int64_t padding,
                                 FeatureMapSize size) {
  return [key = std::move(key), channels, padding, size](Weights& weights) {
    Downsample2D downsample(WeightScope(weights, key), channels, padding);
    downsample.conv.pack(size.height, size.width);
    return downsample;
  };
}

UNetModuleMaker upsample_maker(std::string key, std::int64_t channels, FeatureMapSize size) {
  return [key = std::move(key), channels, size](Weights& weights) {
    Upsample2D upsample(WeightScope(weights, key), channels);
    upsample.conv.pack(size.height, size.width);
    return upsample;
  };
}

UNetModuleMaker conv_out_maker(const UNetConfig& config, std::int64_t channels,
                               FeatureMapSize size) {
  return [channels, out_channels = config.out_channels, groups = config.norm_num_groups,
          eps = config.norm_eps, activation = config.activation, kernel = config.conv_out_kernel,
          size](Weights& weights) {
    ConvOut out{GroupNorm(WeightScope(weights, "conv_norm_out"), channels, groups, eps), activation,
                Conv2d(WeightScope(weights, "conv_out"), channels, out_channels, kernel)};
    out.conv.pack(size.height, size.width);
    return out;
  };
}

UNetModuleMaker control_in_maker(const UNetConfig& config, FeatureMapSize size) {
  return [in_channels = config.in_channels, channels = config.down_blocks[0].channels,
          control = *config.control, size](Weights& weights) {
    ControlIn in{Conv2d(WeightScope(weights, "conv_in"), in_channels, channels, 3),
                 ControlNetConditioningEmbedding(WeightScope(weights, "controlnet_cond_embedding"),
                                                 control.conditioning_channels,
                                                 control.embedding_widths, channels),
                 control.is_bgr};
    in.conv.pack(size.height, size.width);
    return in;
  };
}

UNetModuleMaker control_out_maker(std::string key, std::int64_t channels, bool pools,
                                  FeatureMapSize size) {
  return [key = std::move(key), channels, pools, size](Weights& weights) {
    ControlOut out{Conv2d(WeightScope(weights, key), channels, channels, 1), pools};
    out.conv.pack(size.height, size.width);
    return out;
  };
}

}  // namespace fdbench
