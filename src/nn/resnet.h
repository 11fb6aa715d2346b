// The residual block of diffusers' UNets and autoencoders.
#pragma once

#include "nn/activation.h"
#include "nn/conv2d.h"
#include "nn/linear.h"
#include "nn/norm.h"

namespace fdbench {

struct ResnetOptions {
  std::int64_t in_channels = 0;
  std::int64_t out_channels = 0;
  std::int64_t emb_channels = 0;  // width of the time embedding; 0: none
  std::int64_t norm_num_groups = 32;
  double norm_eps = 1e-5;
  Activation activation = Activation::kSilu;
  bool scale_shift = false;  // resnet_time_scale_shift: the embedding scales and shifts after norm2
  double output_scale_factor = 1;
};

/// x -> (shortcut(x) + conv2(act(norm2(conv1(act(norm1(x))) + time)))) / output_scale_factor.
struct ResnetBlock2D {
  GroupNorm norm1, norm2;
  Conv2d conv1, conv2, conv_shortcut;  // conv_shortcut only where the number of channels changes
  Linear time_emb_proj;                // only with a time embedding
  Activation activation = Activation::kSilu;
  bool scale_shift = false;
  double output_scale_factor = 1;

  ResnetBlock2D() = default;
  ResnetBlock2D(const WeightScope& scope, const ResnetOptions& options);
  /// x: [B, C, H, W]; emb: [B, E] after its activation, undefined without one -> [B, C', H, W].
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& emb) const;
  std::int64_t multiply_adds(std::int64_t batch, std::int64_t height, std::int64_t width) const;

 private:
  at::Tensor add_embedding(at::Tensor h, const at::Tensor& emb) const;
};

}  // namespace fdbench
