// Inception score (Salimans et al. 2016).
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>

namespace fdbench {

inline constexpr int kInceptionSplits = 10;
/// As torch-fidelity.
inline constexpr std::uint32_t kInceptionSeed = 2020;

struct InceptionScore {
  /// Over the splits; std: of the population.
  double mean = 0, std = 0;
};

/// exp of the mean KL divergence of p(y|x) from p(y), in each of `splits` parts of the shuffled
/// samples; a class without any probability adds nothing. logits: [n, classes], softmax is taken
/// here. seed: of the order, that of torch-fidelity (NumPy's RandomState.permutation); none: the
/// samples stay in their order, and sorted classes give a score near 1. Throws a usage error for
/// fewer samples than splits, and for logits that overflow float64 (the row).
InceptionScore inception_score(const at::Tensor& logits,
                               std::optional<std::uint32_t> seed = kInceptionSeed,
                               int splits = kInceptionSplits);

/// NumPy's RandomState(seed).permutation(count): [count] int64. count: below 2^32.
at::Tensor numpy_permutation(std::int64_t count, std::uint32_t seed);

}  // namespace fdbench
