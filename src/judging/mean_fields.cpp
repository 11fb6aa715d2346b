#include "judging/mean_fields.h"

#include "core/error.h"
#include "metrics/scores.h"

namespace fdbench {

void fill_mean(RunRecord& record, const MeanFields& fields, const at::Tensor& values,
               int bootstrap) {
  // Not measured.
  if (values.isnan().all().item<bool>()) return;
  const std::int64_t wrecked = values.numel() - at::isfinite(values).sum().item<std::int64_t>();
  if (wrecked > 0) {
    throw runtime_error("run '" + record.name + "': " + std::to_string(wrecked) + " of " +
                        std::to_string(values.numel()) + " values of a score are not numbers");
  }
  const Score score = mean_score("", values, {bootstrap, 0});
  record.*fields.value = score.value;
  record.*fields.low = score.low;
  record.*fields.high = score.high;
}

}  // namespace fdbench
