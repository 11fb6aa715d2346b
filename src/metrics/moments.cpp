#include "metrics/moments.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/error.h"

namespace fdbench {
namespace {

/// Of a block that is converted to float64 at once.
constexpr std::int64_t kRows = 1024;
/// Of a panel of the scatter matrix.
constexpr std::int64_t kColumns = 256;

struct Panel {
  std::int64_t first, count;
  std::int64_t end() const { return first + count; }
};

std::vector<Panel> panels(std::int64_t dimension) {
  std::vector<Panel> all;
  for (std::int64_t first = 0; first < dimension; first += kColumns) {
    all.push_back({first, std::min(kColumns, dimension - first)});
  }
  return all;
}

/// scatter += x^T x for x [n, d], in panels of rows that end with the diagonal's block: half the
/// products of at::mm.
void add_products(at::Tensor& scatter, const at::Tensor& x) {
  for (const Panel& panel : panels(x.size(1))) {
    at::Tensor rows = scatter.narrow(0, panel.first, panel.count).narrow(1, 0, panel.end());
    rows.addmm_(x.narrow(1, panel.first, panel.count).t(), x.narrow(1, 0, panel.end()));
  }
}

/// The whole matrix.
at::Tensor mirrored(const at::Tensor& scatter) {
  at::Tensor whole = scatter.clone();
  for (const Panel& panel : panels(scatter.size(0))) {
    const at::Tensor rows = scatter.narrow(0, panel.first, panel.count);
    whole.narrow(1, panel.first, panel.count)
        .narrow(0, 0, panel.first)
        .copy_(rows.narrow(1, 0, panel.first).t());
  }
  return whole;
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
  // In float64.
  const at::Tensor centred = features - mean;
  if (count_ == 0) {
    mean_ = mean;
    scatter_ = at::zeros({mean.size(0), mean.size(0)}, mean.options());
  } else {
    const at::Tensor step = mean - mean_;
    const double share = static_cast<double>(added) / static_cast<double>(total);
    scatter_.addr_(step, step, 1, static_cast<double>(count_) * share);
    mean_ += step * share;
  }
  add_products(scatter_, centred);
  count_ = total;
}

Moments RunningMoments::moments() const {
  if (count_ < 2) {
    throw usage_error("a covariance needs at least 2 samples, there " +
                      std::string(count_ == 1 ? "is 1" : "are none"));
  }
  return {mean_.clone(), mirrored(scatter_).div_(static_cast<double>(count_ - 1)), count_};
}

Moments moments_of(const at::Tensor& features) {
  RunningMoments running;
  for (std::int64_t first = 0; first < features.size(0); first += kRows) {
    running.add(features.narrow(0, first, std::min(kRows, features.size(0) - first)));
  }
  return running.moments();
}

}  // namespace fdbench
