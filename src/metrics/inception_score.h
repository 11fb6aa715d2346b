// Inception score (Salimans et al. 2016).
#pragma once

#include <ATen/ATen.h>

namespace fdbench {

struct InceptionScore {
  double mean = 0, std = 0;  // over the splits; std: of the population
};

/// exp of the mean KL divergence of p(y|x) from p(y), in each of `splits` parts of the samples in
/// their order. logits: [n, classes], softmax is taken here. Throws a usage error for fewer samples
/// than splits.
InceptionScore inception_score(const at::Tensor& logits, int splits = 10);

}  // namespace fdbench
