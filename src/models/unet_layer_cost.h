// Multiply-adds of one layer of a UNet.
#pragma once

#include <cstdint>

#include "models/denoiser.h"
#include "models/unet_layers.h"

namespace fdbench {

/// Counts for the module that visits it, by fvcore's rule.
struct UNetLayerCost {
  /// Of the latent.
  const SampleShape& shape;
  const TokenMerging& tome;
  /// Of the layer's output.
  std::int64_t height = 0, width = 0;
  /// The time embedding that the layer takes depends on the conditioning.
  bool reads_conditioning = false;

  LayerCost operator()(const ConvIn& in) const;
  LayerCost operator()(const ResnetBlock2D& resnet) const;
  LayerCost operator()(const Transformer2DModel& transformer) const;
  LayerCost operator()(const Downsample2D& downsample) const;
  LayerCost operator()(const Upsample2D& upsample) const;
  LayerCost operator()(const ConvOut& out) const;
  LayerCost operator()(const ControlIn& in) const;
  LayerCost operator()(const ControlOut& out) const;

 private:
  std::int64_t pixels() const { return shape.batch * height * width; }
  /// Of a layer that the text does not reach.
  LayerCost without_text(std::int64_t all) const {
    return {.all = all, .unconditioned = reads_conditioning ? 0 : all};
  }
};

}  // namespace fdbench
