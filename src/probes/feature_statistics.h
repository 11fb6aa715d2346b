// Feature statistics of layer outputs (paper, section 3.2): how much features change from step to
// step.
#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace fdbench {

/// Per-picture statistics of one feature map, float64 accumulated.
struct FeatureStatistics {
  at::Tensor mse;  // [n] mean squared change to the previous step, eq. 2; NaN where there is no
                   // previous step
  at::Tensor frobenius;  // [n] Frobenius norm of the channel mean, an (h, w) map (figure 3b)
  at::Tensor mean;       // [n] mean of the features
  at::Tensor std;        // [n] standard deviation of the features (population)
};

/// One pass over the data. features: [n, d, h, w] (or [n, tokens, d]) float32, float16 or bfloat16;
/// previous: the same shape at the previous step, or undefined.
FeatureStatistics feature_statistics(const at::Tensor& features, const at::Tensor& previous);

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
  std::vector<int> watched_, column_of_;
  int num_steps_, num_pictures_;
  std::vector<at::Tensor> previous_;
  at::Tensor mse_, frobenius_, mean_, std_, seen_;
};

}  // namespace fdbench
