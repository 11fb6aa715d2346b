// The layers of a DiTTransformer2DModel: the columns of the plan, and what begins a step.
#pragma once

#include <cstdint>
#include <functional>
#include <variant>
#include <vector>

#include "nn/attention.h"
#include "nn/embeddings.h"
#include "transformers/dit_config.h"

namespace fdbench {

/// Embedding of timestep and class (CombinedTimestepLabelEmbeddings of diffusers).
struct DiTEmbedder {
  TimestepEmbedding time;
  /// [classes and the null class, D].
  at::Tensor classes;

  DiTEmbedder(const WeightScope& scope, const DiTConfig& config);
  /// timesteps: [n], labels: int64 [m] of existing classes; one of n and m divides the other
  /// -> [max(n, m), D] after the activation, which is all that layers take of it.
  at::Tensor operator()(const at::Tensor& timesteps, const at::Tensor& labels) const;
  bool equals(const DiTEmbedder& other) const;
  /// Of one entry.
  std::int64_t multiply_adds() const;
};

/// diffusers' files hold an embedder a block. Here equal ones are kept once, as they are in models
/// that were trained with one for all (DiT-XL/2).
class DiTEmbedders {
 public:
  DiTEmbedders() = default;
  /// Takes the embedder of each block. Without that of a later block (random weights) the first
  /// one's counts. On the meta device all are taken for equal.
  DiTEmbedders(Weights& weights, const DiTConfig& config);

  /// One each.
  const std::vector<DiTEmbedder>& distinct() const { return distinct_; }
  /// Place of a block's in `distinct()`.
  std::size_t of_block(std::size_t block) const { return of_block_.at(block); }
  std::int64_t num_parameters() const;

 private:
  std::vector<DiTEmbedder> distinct_;
  std::vector<std::size_t> of_block_;
};

/// What a step brings to a layer.
struct DiTLayerInput {
  /// Sample or tokens, of batch n.
  const at::Tensor& x;
  /// [m, D] of the layer's embedder: one of n and m divides the other.
  const at::Tensor& emb;
  /// [tokens, D].
  const at::Tensor& positions;
  /// Patches on a side of the latent.
  std::int64_t side = 0;
};

/// Patches of the latent and their positions: [n, in_channels, H, W] -> [n, tokens, D].
struct DiTPatches {
  /// Of a patch's numbers, channel after channel.
  Linear proj;
  std::int64_t patch_size = 1;

  DiTPatches(const WeightScope& scope, const DiTConfig& config);
  at::Tensor operator()(const DiTLayerInput& input) const;
  /// For `batch` latents of `tokens` patches each.
  std::int64_t multiply_adds(std::int64_t batch, std::int64_t tokens) const {
    return proj.multiply_adds(batch * tokens);
  }
};

/// Attention and feed-forward, each between a normalisation that the embedding shifts and scales
/// and a gate (adaLN-Zero of Peebles and Xie 2023): [n, tokens, D] -> [max(n, m), tokens, D].
struct DiTBlock {
  /// Shift, scale and gate of the attention, then of the feed-forward.
  Linear modulation;
  Attention attn1;
  Linear proj_in, proj_out;
  bool approximates_gelu = true;
  double norm_eps = 1e-5;

  DiTBlock(const WeightScope& scope, const DiTConfig& config);
  at::Tensor operator()(const DiTLayerInput& input) const;
  std::int64_t multiply_adds(std::int64_t batch, std::int64_t tokens) const;
};

/// Last normalisation and projection, patches put together:
/// [n, tokens, D] -> [max(n, m), out_channels, H, W].
struct DiTHead {
  /// Shift and scale.
  Linear modulation;
  Linear proj;
  std::int64_t patch_size = 1;

  DiTHead(const WeightScope& scope, const DiTConfig& config);
  at::Tensor operator()(const DiTLayerInput& input) const;
  std::int64_t multiply_adds(std::int64_t batch, std::int64_t tokens) const {
    return modulation.multiply_adds(batch) + proj.multiply_adds(batch * tokens);
  }
};

using DiTModule = std::variant<DiTPatches, DiTBlock, DiTHead>;

/// Takes the weights of layer `index` of pos_embed, the blocks and the head, and packs them.
DiTModule make_dit_layer(Weights& weights, const DiTConfig& config, std::size_t index);

}  // namespace fdbench
