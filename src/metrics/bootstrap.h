// Bootstrap intervals of scores that are no means: what a score becomes when pictures are drawn
// again.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "metrics/moments.h"

namespace fdbench {

struct ScoreInterval {
  double low, high;  // 95%
};

/// Percentile interval of resampled scores, moved so that their mean is `value`: a resample holds
/// pictures twice, which biases distances upward. NaN for fewer than two resamples. Throws a
/// runtime error for resamples that are not finite.
ScoreInterval interval_around(double value, const std::vector<double>& resampled);

/// Frechet distances of `resamples` draws of rows. The rows of draw i depend on the seed and the
/// number of rows alone, so that the differences between two sets of pictures of the same prompts
/// and seeds, draw by draw, are a paired bootstrap: what prompts have in common cancels.
/// features: [n, d]. done: called with the number of draws made.
std::vector<double> resampled_frechet_distances(const at::Tensor& features,
                                                const Moments& reference, int resamples,
                                                std::uint64_t seed,
                                                const std::function<void(int)>& done = {});

/// after - before, entry by entry. Throws a usage error for different lengths.
std::vector<double> differences(const std::vector<double>& after,
                                const std::vector<double>& before);

}  // namespace fdbench
