#include <limits>
#include <utility>

#include "probes/feature_statistics.h"

namespace fdbench {
namespace {

at::Tensor unmeasured(std::int64_t pictures, std::int64_t steps, std::int64_t layers) {
  return at::full({pictures, steps, layers}, std::numeric_limits<double>::quiet_NaN(),
                  at::TensorOptions().dtype(at::kDouble));
}

}  // namespace

FeatureProbe::FeatureProbe(std::vector<int> watched, int num_steps, int num_pictures)
    : watched_(std::move(watched)),
      num_steps_(num_steps),
      num_pictures_(num_pictures),
      previous_(watched_.size()) {
  const std::int64_t columns = static_cast<std::int64_t>(watched_.size());
  for (std::size_t column = 0; column < watched_.size(); ++column) {
    const std::size_t layer = static_cast<std::size_t>(watched_[column]);
    if (column_of_.size() <= layer) column_of_.resize(layer + 1, -1);
    column_of_[layer] = static_cast<int>(column);
  }
  mse_ = unmeasured(num_pictures, num_steps, columns);
  frobenius_ = unmeasured(num_pictures, num_steps, columns);
  mean_ = unmeasured(num_pictures, num_steps, columns);
  std_ = unmeasured(num_pictures, num_steps, columns);
  seen_ = at::zeros({num_steps, columns}, at::TensorOptions().dtype(at::kBool));
}

void FeatureProbe::observe(int step, int layer, const at::Tensor& output) {
  const std::size_t index = static_cast<std::size_t>(layer);
  if (index >= column_of_.size() || column_of_[index] < 0) return;
  const int column = column_of_[index];
  const at::Tensor pictures = output.narrow(0, output.size(0) - num_pictures_, num_pictures_);
  const FeatureStatistics statistics = feature_statistics(pictures, previous_[column]);
  mse_.select(1, step).select(1, column).copy_(statistics.mse);
  frobenius_.select(1, step).select(1, column).copy_(statistics.frobenius);
  mean_.select(1, step).select(1, column).copy_(statistics.mean);
  std_.select(1, step).select(1, column).copy_(statistics.std);
  seen_[step][column].fill_(true);
  previous_[column] = pictures;
}

void FeatureProbe::finish(const std::vector<bool>& dropped) {
  for (std::size_t column = 0; column < watched_.size(); ++column) {
    int last = -1;  // nearest earlier step at which the layer ran
    for (int step = 0; step < num_steps_; ++step) {
      if (seen_[step][column].item<bool>()) {
        last = step;
      } else if (last >= 0 && !dropped[step]) {
        mse_.select(1, step).select(1, column).zero_();
        for (at::Tensor* held : {&frobenius_, &mean_, &std_}) {
          held->select(1, step).select(1, column).copy_(held->select(1, last).select(1, column));
        }
      }
    }
    previous_[column].reset();
  }
}

}  // namespace fdbench
