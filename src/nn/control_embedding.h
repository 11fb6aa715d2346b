// What a control network makes of its control picture before everything else.
#pragma once

#include <vector>

#include "kernels/activation.h"
#include "nn/conv2d.h"

namespace fdbench {

/// diffusers' ControlNetConditioningEmbedding: convolutions that bring a picture to the size of a
/// latent.
class ControlNetConditioningEmbedding {
 public:
  ControlNetConditioningEmbedding() = default;
  /// widths: `conditioning_embedding_out_channels`, each after the first halves the sides.
  /// channels: of the result.
  ControlNetConditioningEmbedding(const WeightScope& scope, std::int64_t conditioning_channels,
                                  const std::vector<std::int64_t>& widths, std::int64_t channels);

  /// x: [B, conditioning_channels, H, W] -> [B, channels, h, w], h and w `factor()` times smaller.
  at::Tensor operator()(const at::Tensor& x) const;
  /// Picture pixels a latent pixel.
  std::int64_t factor() const { return factor_; }
  /// For an output of `pixels` pixels in all (batch x height x width).
  std::int64_t multiply_adds(std::int64_t pixels) const;

 private:
  std::vector<Conv2d> convs_;
  std::int64_t factor_ = 1;
};

}  // namespace fdbench
