// A mean over pictures with its interval, as fields of a run's record.
#pragma once

#include <ATen/ATen.h>

#include "results/run_fields.h"

namespace fdbench {

struct MeanFields {
  double RunRecord::*value, RunRecord::*low, RunRecord::*high;
};

/// Mean of the values [n] with its bootstrap interval; the fields stay as they are where nothing
/// was measured (all NaN). Throws a runtime error that names the run where some are not numbers.
/// bootstrap: resamples, 0: no interval.
void fill_mean(RunRecord& record, const MeanFields& fields, const at::Tensor& values,
               int bootstrap);

}  // namespace fdbench
