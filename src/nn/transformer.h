// diffusers' Transformer2DModel: attention within a feature map and to the text.
#pragma once

#include <vector>

#include "nn/attention.h"
#include "nn/norm.h"

namespace fdbench {

struct TransformerOptions {
  std::int64_t channels = 0;
  std::int64_t heads = 1;
  std::int64_t num_layers = 1;
  std::int64_t cross_attention_dim = 0;
  std::int64_t norm_num_groups = 32;
  bool use_linear_projection =
      false;  // only the shape of the stored weight: a 1x1 convolution is a linear map
  bool upcast_attention = false;

  /// Heads times the width of a head; less than `channels` where the heads do not divide them.
  std::int64_t inner_dim() const { return channels / heads * heads; }
};

/// Feed-forward with a GELU gate.
struct FeedForward {
  Linear proj_in;   // net.0.proj, to twice the inner width
  Linear proj_out;  // net.2

  FeedForward() = default;
  FeedForward(const WeightScope& scope, std::int64_t dim);
  at::Tensor operator()(const at::Tensor& x) const;
};

struct BasicTransformerBlock {
  LayerNorm norm1, norm2, norm3;
  Attention attn1, attn2;
  FeedForward ff;

  BasicTransformerBlock(const WeightScope& scope, const TransformerOptions& options);
  /// x: [B, N, C], text: [B, L, D] -> [B, N, C].
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& text) const;
  std::int64_t multiply_adds(std::int64_t batch, std::int64_t pixels,
                             std::int64_t text_tokens) const;
};

struct Transformer2DModel {
  GroupNorm norm;
  Linear proj_in, proj_out;
  std::vector<BasicTransformerBlock> transformer_blocks;

  Transformer2DModel() = default;
  Transformer2DModel(const WeightScope& scope, const TransformerOptions& options);
  /// x: [B, C, H, W], text: [B, L, D] -> [B, C, H, W].
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& text) const;
  /// pixels: height x width.
  std::int64_t multiply_adds(std::int64_t batch, std::int64_t pixels,
                             std::int64_t text_tokens) const;
};

}  // namespace fdbench
