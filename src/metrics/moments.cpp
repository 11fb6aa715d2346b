#include "metrics/moments.h"

#include <algorithm>
#include <string>

#include "core/error.h"

namespace fdbench {
namespace {

constexpr std::int64_t kRows = 4096;    // of a block that is converted to float64 at once
constexpr std::int64_t kColumns = 256;  // of a panel of the scatter matrix

/// x^T x for x [n, d]: panels up to the diagonal, the rest mirrored. Half the products of at::mm.
at::Tensor gram(const at::Tensor& x) {
  const std::int64_t d = x.size(1);
  at::Tensor lower = at::zeros({d, d}, x.options());
  for (std::int64_t first = 0; first < d; first += kColumns) {
    const std::int64_t count = std::min(kColumns, d - first), end = first + count;
    at::Tensor panel = lower.narrow(0, first, count).narrow(1, 0, end);
    at::mm_out(panel, x.narrow(1, first, count).t(), x.narrow(1, 0, end));
  }
  return lower.tril() + lower.tril(-1).t();
}

}  // namespace

void RunningMoments::add(const at::Tensor& features) {
  if (features.size(0) == 0) return;
  if (mean_.defined() && features.size(1) != mean_.size(0)) {
    throw usage_error("features of dimension " + std::to_string(features.size(1)) +
                      " after some of " + std::to_string(mean_.size(0)));
  }
  const std::int64_t added = features.size(0), total = count_ + added;
  const at::Tensor mean = features.mean(0, /*keepdim=*/false, at::kDouble);
  const at::Tensor scatter = gram(features - mean);  // in float64
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
