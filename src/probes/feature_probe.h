// The probe: statistics of every watched layer at every step of a run.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "probes/feature_statistics.h"

namespace fdbench {

/// Collects statistics over a run: one row a step, one column a watched layer.
class FeatureProbe {
 public:
  /// watched: indices of the layers to watch (the last layer of each block at `detail: block`, all
  /// at `detail: layer`).
  FeatureProbe(std::vector<int> watched, int num_steps, int num_pictures);

  /// The output of a layer that ran; with guidance the conditional half (the last num_pictures
  /// rows) is used.
  void observe(int step, int layer, const at::Tensor& output);
  /// Fills the steps at which a layer did not run: its output is held, so mse is 0 and the rest as
  /// at the step before; steps in `dropped` become NaN.
  void finish(const std::vector<bool>& dropped);

  /// [picture, step, watched layer] float64.
  const at::Tensor& mse() const { return mse_; }
  const at::Tensor& frobenius() const { return frobenius_; }
  const at::Tensor& mean() const { return mean_; }
  const at::Tensor& std() const { return std_; }

 private:
  void write(at::Tensor& table, const at::Tensor& values, int step, int column);
  void hold(int from, int step, int column);

  std::vector<int> watched_;
  /// By layer, -1 where it is not watched.
  std::vector<int> column_of_;
  int num_steps_, num_pictures_;
  /// By column: the features of the last step at which the layer ran.
  std::vector<at::Tensor> previous_;
  /// By column and step.
  std::vector<std::vector<bool>> seen_;
  at::Tensor mse_, frobenius_, mean_, std_;
};

}  // namespace fdbench
