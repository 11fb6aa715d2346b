// Bipartite soft matching of the tokens of a feature map (ToMe for SD, section 4): which tokens are
// merged into which.
#pragma once

#include <ATen/ATen.h>

#include "nn/token_merging.h"

namespace fdbench {

/// Sends each token to its place among those that are left. Batches follow kernels/batch.h.
class TokenMatching {
 public:
  /// Each token that is no destination looks for the destination whose vector points most alike
  /// (cosine); the `grid.merged` best of these pairs are merged. x: [n, N, C], N = grid.tokens(),
  /// read by its directions only. seeds: with use_rand one for each of the batch entries or fewer
  /// that stand for their repetition; not read otherwise.
  TokenMatching(const at::Tensor& x, const MergeGrid& grid,
                const std::vector<std::uint64_t>& seeds);

  /// Mean of the tokens that share a place. x: [n, N, C] -> [max(n, m), T, C], T = grid.left().
  at::Tensor merge(const at::Tensor& x) const;
  /// Each token takes what stands at its place. x: [n, T, C] -> [max(n, m), N, C].
  at::Tensor unmerge(const at::Tensor& x) const;
  /// Place of each token among those that are left, [m, N] int64: first the tokens that kept to
  /// themselves, then the destinations in raster order.
  const at::Tensor& places() const { return places_; }

 private:
  /// [m, N].
  at::Tensor places_;
  /// [m, N]: the tokens, sorted by their places.
  at::Tensor order_;
  /// [m, T]: where in order_ each place begins.
  at::Tensor starts_;
};

/// Multiply-adds of the scores: every source with every destination.
std::int64_t matching_multiply_adds(const MergeGrid& grid, std::int64_t batch,
                                    std::int64_t channels);

}  // namespace fdbench
