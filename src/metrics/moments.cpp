#include "metrics/moments.h"

#include <algorithm>
#include <string>

#include "core/error.h"

namespace fdbench {
namespace {

constexpr std::int64_t kRows = 4096;  // of a block that is converted to float64 at once

}  // namespace

void RunningMoments::add(const at::Tensor& features) {
  if (features.size(0) == 0) return;
  const at::Tensor x = features.to(at::kDouble);
  if (mean_.defined() && x.size(1) != mean_.size(0)) {
    throw usage_error("features of dimension " + std::to_string(x.size(1)) + " after some of " +
                      std::to_string(mean_.size(0)));
  }
  const std::int64_t added = x.size(0), total = count_ + added;
  const at::Tensor mean = x.mean(0), centred = x - mean;
  const at::Tensor scatter = at::mm(centred.t(), centred);
  if (count_ == 0) {
    mean_ = mean;
    scatter_ = scatter;
  } else {
    const at::Tensor step = mean - mean_;
    const double share = static_cast<double>(added) / static_cast<double>(total);
    scatter_ += scatter;
    scatter_.addr_(step, step, 1, static_cast<double>(count_) * share);
    mean_ += step * share;
  }
  count_ = total;
}

Moments RunningMoments::moments() const {
  if (count_ < 2) {
    throw usage_error("a covariance needs at least 2 samples, there " +
                      std::string(count_ == 1 ? "is 1" : "are none"));
  }
  return {mean_, scatter_ / static_cast<double>(count_ - 1), count_};
}

Moments moments_of(const at::Tensor& features) {
  RunningMoments running;
  for (std::int64_t first = 0; first < features.size(0); first += kRows) {
    running.add(features.narrow(0, first, std::min(kRows, features.size(0) - first)));
  }
  return running.moments();
}

}  // namespace fdbench
