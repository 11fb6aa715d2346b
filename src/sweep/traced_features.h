// What compares the features of a picture's steps with each other: principal components and the map
// of similarity, on their way into the unit's arrays.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "probes/feature_trace.h"
#include "results/unit_file.h"
#include "work/prepared_sweep.h"

namespace fdbench {

/// Of one stage and one batch of pictures.
class TracedFeatures {
 public:
  /// run: whole, of which `stage` is looked at. The pictures are `first` and the `count` - 1 after.
  TracedFeatures(const PreparedSweep& sweep, const PreparedRun& run, std::size_t stage,
                 std::int64_t first, std::int64_t count);

  void observe(int step, int layer, const at::Tensor& output);
  /// After the last step: n pictures, B or C columns of this stage, S its steps, T those drawn ->
  /// picture_arrays::kCosine, kDistance [n, B, S, S] float64, kPcaImages [n, C, T, h, w, 3] uint8
  /// (the largest h and w of the columns), kPcaExplained [n, C, 3] float64. Those that are asked
  /// for, of pictures that are among the first ones.
  Arrays arrays(const std::vector<bool>& dropped);

 private:
  Arrays similarity() const;
  Arrays components() const;

  std::optional<FeatureTrace> all_steps_, drawn_steps_;
  /// Of the columns that are drawn.
  std::vector<std::string> drawn_names_;
  int num_similar_ = 0, num_drawn_ = 0, num_columns_ = 0;
};

/// Stages beside each other along the columns; what has fewer steps is padded with NaN, pictures
/// are enlarged to the largest. stages: of the same pictures.
Arrays traced_beside(const std::vector<Arrays>& stages);

}  // namespace fdbench
