#include "sweep/mean_fields.h"

#include "metrics/scores.h"

namespace fdbench {

void fill_mean(RunRecord& record, const MeanFields& fields, const at::Tensor& values,
               int bootstrap) {
  const at::Tensor finite = values.index({at::isfinite(values)});
  if (finite.numel() == 0) return;
  const Score score = mean_score("", finite, {bootstrap, 0});
  record.*fields.value = score.value;
  record.*fields.low = score.low;
  record.*fields.high = score.high;
}

}  // namespace fdbench
