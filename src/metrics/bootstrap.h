// Bootstrap intervals of scores that are not means: what a score becomes when pictures are drawn
// again.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "metrics/moments.h"
#include "metrics/statistics.h"

namespace fdbench {

/// Draws of rows with replacement, one after the other. Draw i depends on the seed and the number
/// of rows alone, so that the differences between two sets of pictures of the same prompts and
/// seeds, draw by draw, are a paired bootstrap: what prompts have in common cancels.
class Resampler {
 public:
  Resampler(std::int64_t num_rows, std::uint64_t seed);
  /// [num_rows] indices.
  at::Tensor next();

 private:
  std::int64_t num_rows_;
  at::Generator generator_;
};

/// 95% percentile interval. values: [n].
Interval percentile_interval(const at::Tensor& values);
/// Percentile interval of resampled scores, moved so that their mean is `value`: a resample holds
/// pictures twice, which biases distances upward. NaN for fewer than two resamples. Throws a
/// runtime error for resamples that are not finite.
Interval interval_around(double value, const std::vector<double>& resampled);

/// Frechet distances of `resamples` draws of a Resampler. features: [n, d]. done: called with the
/// number of draws made.
std::vector<double> resampled_frechet_distances(const at::Tensor& features,
                                                const Moments& reference, int resamples,
                                                std::uint64_t seed,
                                                const std::function<void(int)>& done = {});

/// after - before, entry by entry. Throws a usage error for different lengths.
std::vector<double> differences(const std::vector<double>& after,
                                const std::vector<double>& before);

}  // namespace fdbench
