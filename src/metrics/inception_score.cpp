#include "metrics/inception_score.h"

#include <bit>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"

namespace fdbench {
namespace {

/// Throws for a row whose softmax is not a number.
void check_overflow(const at::Tensor& log_p) {
  const at::Tensor bad = at::isfinite(log_p).all(1).logical_not().nonzero().flatten();
  if (bad.numel() == 0) return;
  throw usage_error("the logits of row " + std::to_string(bad[0].item<std::int64_t>()) +
                    " overflow: their softmax is not a number");
}

}  // namespace

at::Tensor numpy_permutation(std::int64_t count, std::uint32_t seed) {
  std::mt19937 generator(seed);
  at::Tensor order = at::arange(count, at::kLong);
  auto* values = order.mutable_data_ptr<std::int64_t>();
  for (auto i = static_cast<std::uint32_t>(count > 0 ? count - 1 : 0); i > 0; --i) {
    // As NumPy draws below a limit: masked numbers until one fits.
    const std::uint32_t mask = 0xffffffffU >> std::countl_zero(i);
    std::uint32_t drawn = generator() & mask;
    while (drawn > i) drawn = generator() & mask;
    std::swap(values[i], values[drawn]);
  }
  return order;
}

InceptionScore inception_score(const at::Tensor& logits, std::optional<std::uint32_t> seed,
                               int splits) {
  const std::int64_t count = logits.size(0);
  if (count < splits) {
    throw usage_error("the Inception score needs at least " + std::to_string(splits) +
                      " samples, one a split; there are " + std::to_string(count));
  }
  at::Tensor log_p = at::log_softmax(logits.to(at::kDouble), 1);
  check_overflow(log_p);
  if (seed) log_p = log_p.index_select(0, numpy_permutation(count, *seed));
  std::vector<double> scores;
  for (int i = 0; i < splits; ++i) {
    const std::int64_t first = i * count / splits, end = (i + 1) * count / splits;
    const at::Tensor part = log_p.narrow(0, first, end - first), p = part.exp();
    const at::Tensor terms = p * (part - p.mean(0, /*keepdim=*/true).log());
    const at::Tensor divergence = at::where(p.gt(0), terms, at::zeros_like(terms)).sum(1);
    scores.push_back(divergence.mean().exp().item<double>());
  }
  const at::Tensor all = at::tensor(scores, at::kDouble);
  return {all.mean().item<double>(), all.std(/*unbiased=*/false).item<double>()};
}

}  // namespace fdbench
