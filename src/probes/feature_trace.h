// Features of whole steps, held until a picture is done: what compares steps with each other needs
// them all at once.
#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace fdbench {

/// Holds what watched layers give at chosen steps. Memory: float32, a copy of each watched output
/// at each chosen step at which the layer ran.
class FeatureTrace {
 public:
  /// watched: indices of layers. steps: chosen ones in sampling order, counted from 0.
  /// num_pictures: of the batch, of which the first num_traced are held.
  FeatureTrace(std::vector<int> watched, std::vector<int> steps, int num_pictures, int num_traced);

  /// The output [b, d, axes...] of a layer that ran; with guidance the conditional half (the last
  /// num_pictures rows) is used. Steps of a layer come in order.
  void observe(int step, int layer, const at::Tensor& output);
  /// After the last step. Steps in `dropped` have no features.
  void finish(const std::vector<bool>& dropped);

  /// By chosen step the features [d, axes...] of one picture (float32, on the CPU) that were in
  /// force: where the layer did not run those of its last run. Undefined where there are none.
  std::vector<at::Tensor> features(int column, int picture) const;

 private:
  /// The newest output stays for the chosen steps from `begin` to `end` (excluded).
  void keep_newest(int column, int end);

  std::vector<int> watched_, steps_;
  int num_pictures_, num_traced_;
  /// By column: [num_traced, d, axes...], and the step that it is of.
  std::vector<at::Tensor> newest_;
  std::vector<int> newest_step_;
  /// By column and chosen step.
  std::vector<std::vector<at::Tensor>> kept_;
};

}  // namespace fdbench
