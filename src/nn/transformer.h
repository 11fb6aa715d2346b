// diffusers' Transformer2DModel: attention within a feature map and to the text.
#pragma once

#include <vector>

#include "nn/attention.h"
#include "nn/norm.h"
#include "nn/token_matching.h"

namespace fdbench {

struct TransformerOptions {
  std::int64_t channels = 0;
  std::int64_t heads = 1;
  std::int64_t num_layers = 1;
  std::int64_t cross_attention_dim = 0;
  std::int64_t norm_num_groups = 32;
  /// Only the shape of the stored weight: a 1x1 convolution is a linear map.
  bool use_linear_projection = false;
  bool upcast_attention = false;

  /// Heads times the width of a head; less than `channels` where the heads do not divide them.
  std::int64_t inner_dim() const { return channels / heads * heads; }
};

/// Feed-forward with a GELU gate.
struct FeedForward {
  /// net.0.proj, to twice the inner width.
  Linear proj_in;
  /// net.2
  Linear proj_out;

  FeedForward() = default;
  FeedForward(const WeightScope& scope, std::int64_t dim);
  /// x: [B, N, C]; added: of the same shape, added to the result -> [B, N, C].
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& added) const;
};

/// A feature map whose tokens are merged in one call.
struct MergedMap {
  MergeGrid grid;
  /// As in SeededTokenMerging; each block mixes its number in.
  std::vector<std::uint64_t> seeds;
};

/// How many tokens the parts of a transformer block work on.
struct BlockTokens {
  std::int64_t all = 0;
  std::int64_t attn1 = 0, attn2 = 0, ff = 0;
  /// Of the matching, which compares sources with destinations.
  std::optional<MergeGrid> grid;

  /// All parts work on all pixels.
  BlockTokens(std::int64_t pixels) : all(pixels), attn1(pixels), attn2(pixels), ff(pixels) {}
  explicit BlockTokens(const MergeGrid& grid);
};

struct BasicTransformerBlock {
  LayerNorm norm1, norm2, norm3;
  Attention attn1, attn2;
  FeedForward ff;

  BasicTransformerBlock(const WeightScope& scope, const TransformerOptions& options);
  void pack();
  /// x: [n, N, C], text: of batch m, attn2.keys_and_values -> [max(n, m), N, C]. A smaller batch
  /// stands for its repetition: what comes before the text is computed for n only.
  at::Tensor operator()(const at::Tensor& x, const KeysAndValues& text) const;
  /// The same with tokens merged around the parts that the options name; the matching is that of x.
  at::Tensor operator()(const at::Tensor& x, const KeysAndValues& text,
                        const MergedMap& merged) const;
  std::int64_t multiply_adds(std::int64_t batch, const BlockTokens& tokens,
                             std::int64_t text_tokens) const;
  /// Of what comes before the text: matching, self-attention and the queries to the text.
  std::int64_t multiply_adds_before_text(std::int64_t batch, const BlockTokens& tokens) const;
};

struct Transformer2DModel {
  GroupNorm norm;
  Linear proj_in, proj_out;
  std::vector<BasicTransformerBlock> transformer_blocks;

  Transformer2DModel() = default;
  Transformer2DModel(const WeightScope& scope, const TransformerOptions& options);
  /// Brings the weights into the order that the CPU reads fastest.
  void pack();
  /// Keys and values of each block's attention to the text. text: [m, L, D].
  std::vector<KeysAndValues> text_terms(const at::Tensor& text) const;
  /// x: [n, C, H, W], text: text_terms, of batch m -> [max(n, m), C, H, W]. A smaller batch stands
  /// for its repetition.
  /// merged: the grid of x, where tokens are merged.
  at::Tensor operator()(const at::Tensor& x, const std::vector<KeysAndValues>& text,
                        const std::optional<MergedMap>& merged = {}) const;
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& text) const {
    return (*this)(x, text_terms(text));
  }
  std::int64_t multiply_adds(std::int64_t batch, const BlockTokens& tokens,
                             std::int64_t text_tokens) const;
  /// Of what comes before the first attention to the text.
  std::int64_t multiply_adds_before_text(std::int64_t batch, const BlockTokens& tokens) const;
  /// Of text_terms.
  std::int64_t text_multiply_adds(std::int64_t batch, std::int64_t text_tokens) const;
};

}  // namespace fdbench
