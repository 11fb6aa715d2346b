#include "probes/feature_trace.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace fdbench {

FeatureTrace::FeatureTrace(std::vector<int> watched, std::vector<int> steps, int num_pictures,
                           int num_traced)
    : watched_(std::move(watched)),
      steps_(std::move(steps)),
      num_pictures_(num_pictures),
      num_traced_(num_traced),
      newest_(watched_.size()),
      newest_step_(watched_.size(), -1),
      kept_(watched_.size(), std::vector<at::Tensor>(steps_.size())) {}

void FeatureTrace::observe(int step, int layer, const at::Tensor& output) {
  const auto found = std::find(watched_.begin(), watched_.end(), layer);
  if (found == watched_.end()) return;
  const auto column = static_cast<int>(found - watched_.begin());
  keep_newest(column, step);
  const at::Tensor features = output.narrow(0, output.size(0) - num_pictures_, num_traced_);
  newest_[column] =
      features.to(features.options().dtype(at::kFloat).device(at::kCPU),
                  /*non_blocking=*/false, /*copy=*/true, at::MemoryFormat::Contiguous);
  newest_step_[column] = step;
}

void FeatureTrace::keep_newest(int column, int end) {
  if (!newest_[column].defined()) return;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (steps_[i] >= newest_step_[column] && steps_[i] < end) kept_[column][i] = newest_[column];
  }
}

void FeatureTrace::finish(const std::vector<bool>& dropped) {
  for (int column = 0; column < static_cast<int>(watched_.size()); ++column) {
    keep_newest(column, std::numeric_limits<int>::max());
    newest_[column].reset();
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (dropped[static_cast<std::size_t>(steps_[i])]) kept_[column][i].reset();
    }
  }
}

std::vector<at::Tensor> FeatureTrace::features(int column, int picture) const {
  std::vector<at::Tensor> of_picture;
  for (const at::Tensor& kept : kept_[column]) {
    of_picture.push_back(kept.defined() ? kept.select(0, picture) : at::Tensor());
  }
  return of_picture;
}

}  // namespace fdbench
