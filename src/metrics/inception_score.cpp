#include "metrics/inception_score.h"

#include <string>
#include <vector>

#include "core/error.h"

namespace fdbench {

InceptionScore inception_score(const at::Tensor& logits, int splits) {
  const std::int64_t count = logits.size(0);
  if (count < splits) {
    throw usage_error("the Inception score needs at least " + std::to_string(splits) +
                      " samples, one a split; there are " + std::to_string(count));
  }
  const at::Tensor log_p = at::log_softmax(logits.to(at::kDouble), 1);
  std::vector<double> scores;
  for (int i = 0; i < splits; ++i) {
    const std::int64_t first = i * count / splits, end = (i + 1) * count / splits;
    const at::Tensor part = log_p.narrow(0, first, end - first), p = part.exp();
    const at::Tensor divergence = (p * (part - p.mean(0, /*keepdim=*/true).log())).sum(1);
    scores.push_back(divergence.mean().exp().item<double>());
  }
  const at::Tensor all = at::tensor(scores, at::kDouble);
  return {all.mean().item<double>(), all.std(/*unbiased=*/false).item<double>()};
}

}  // namespace fdbench
