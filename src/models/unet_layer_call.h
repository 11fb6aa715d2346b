// One call of one layer of a UNet.
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <optional>
#include <span>

#include "models/denoiser.h"
#include "models/unet_layers.h"
#include "models/unet_step.h"

namespace fdbench {

/// Calls the module that visits it: [n, C, H, W] -> [n, C', H', W'].
struct UNetLayerCall {
  const ModelInfo& info;
  /// Of the layer in the graph.
  int index = 0;
  /// One feature map, or two: what comes from the layer before, and a skip.
  std::span<const LayerInput> inputs;
  const UNetStep& step;
  /// Of the layer's output.
  std::int64_t height = 0, width = 0;
  /// As in Denoiser::run.
  std::unique_ptr<LayerMemo>* memo = nullptr;

  at::Tensor operator()(const ConvIn& in) const;
  at::Tensor operator()(const ResnetBlock2D& resnet) const;
  at::Tensor operator()(const Transformer2DModel& transformer) const;
  at::Tensor operator()(const Downsample2D& downsample) const;
  at::Tensor operator()(const Upsample2D& upsample) const;
  at::Tensor operator()(const ConvOut& out) const;
  at::Tensor operator()(const ControlIn& in) const;
  at::Tensor operator()(const ControlOut& out) const;

 private:
  const at::Tensor& x() const { return inputs[0].value.front(); }
  std::optional<MergedMap> merged_map() const;
};

}  // namespace fdbench
