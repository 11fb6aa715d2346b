#include "probes/feature_probe.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/error.h"

namespace fdbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

FeatureProbe::FeatureProbe(std::vector<int> watched, int num_steps, int num_pictures)
    : watched_(std::move(watched)),
      num_steps_(num_steps),
      num_pictures_(num_pictures),
      previous_(watched_.size()),
      seen_(watched_.size(), std::vector<bool>(num_steps, false)) {
  const int num_columns = static_cast<int>(watched_.size());
  for (int column = 0; column < num_columns; ++column) {
    const std::size_t layer = watched_[column];
    if (column_of_.size() <= layer) column_of_.resize(layer + 1, -1);
    column_of_[layer] = column;
  }
  for (at::Tensor* statistic : {&mse_, &frobenius_, &mean_, &std_}) {
    *statistic = at::full({num_pictures, num_steps, num_columns}, kNan, at::kDouble);
  }
}

void FeatureProbe::observe(int step, int layer, const at::Tensor& output) {
  const int column = static_cast<std::size_t>(layer) < column_of_.size() ? column_of_[layer] : -1;
  if (column < 0) return;
  if (output.size(0) < num_pictures_) {
    throw usage_error("a probe for " + std::to_string(num_pictures_) + " pictures got " +
                      std::to_string(output.size(0)));
  }
  const at::Tensor features = output.narrow(0, output.size(0) - num_pictures_, num_pictures_);
  const FeatureStatistics statistics = feature_statistics(features, previous_[column]);
  write(mse_, statistics.mse, step, column);
  write(frobenius_, statistics.frobenius, step, column);
  write(mean_, statistics.mean, step, column);
  write(std_, statistics.std, step, column);
  previous_[column] = features;
  seen_[column][step] = true;
}

void FeatureProbe::write(at::Tensor& table, const at::Tensor& values, int step, int column) {
  auto cells = table.accessor<double, 3>();
  const auto source = values.accessor<double, 1>();
  for (int picture = 0; picture < num_pictures_; ++picture) {
    cells[picture][step][column] = source[picture];
  }
}

void FeatureProbe::finish(const std::vector<bool>& dropped) {
  for (int column = 0; column < static_cast<int>(watched_.size()); ++column) {
    // The last step that was not left out.
    int held = -1;
    for (int step = 0; step < num_steps_; ++step) {
      if (dropped[step]) continue;
      if (!seen_[column][step] && held >= 0) hold(held, step, column);
      if (seen_[column][step] || held >= 0) held = step;
    }
  }
  previous_.assign(watched_.size(), {});
}

void FeatureProbe::hold(int from, int step, int column) {
  for (at::Tensor* table : {&mse_, &frobenius_, &mean_, &std_}) {
    auto cells = table->accessor<double, 3>();
    for (int picture = 0; picture < num_pictures_; ++picture) {
      cells[picture][step][column] = table == &mse_ ? 0.0 : cells[picture][from][column];
    }
  }
}

}  // namespace fdbench
