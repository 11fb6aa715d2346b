#include "probes/step_similarity.h"

#include <algorithm>
#include <limits>

namespace fdbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
/// Values of a step that are multiplied in float64 at once.
constexpr std::int64_t kAtOnce = 1 << 16;

/// Products [t, t] of all pairs of rows.
at::Tensor products_of(const std::vector<at::Tensor>& rows) {
  const auto count = static_cast<std::int64_t>(rows.size());
  at::Tensor products = at::zeros({count, count}, at::kDouble);
  const std::int64_t length = rows.front().size(0);
  for (std::int64_t first = 0; first < length; first += kAtOnce) {
    const std::int64_t width = std::min(kAtOnce, length - first);
    std::vector<at::Tensor> parts;
    for (const at::Tensor& row : rows) parts.push_back(row.narrow(0, first, width));
    const at::Tensor part = at::stack(parts).to(at::kDouble);
    products.addmm_(part, part.t());
  }
  return products;
}

/// |f_s - f_t|^2 [t, t] of all pairs of rows, from differences: products alone would lose the
/// digits of steps that are nearly alike.
at::Tensor squared_distances_of(const std::vector<at::Tensor>& rows) {
  const auto count = static_cast<std::int64_t>(rows.size());
  at::Tensor distances = at::zeros({count, count}, at::kDouble);
  auto cells = distances.accessor<double, 2>();
  for (std::int64_t s = 0; s < count; ++s) {
    for (std::int64_t t = 0; t < s; ++t) {
      cells[s][t] = cells[t][s] = (rows[s] - rows[t]).square_().sum(at::kDouble).item<double>();
    }
  }
  return distances;
}

}  // namespace

StepSimilarity step_similarity(const std::vector<at::Tensor>& features) {
  const auto count = static_cast<std::int64_t>(features.size());
  StepSimilarity found{at::full({count, count}, kNan, at::kDouble),
                       at::full({count, count}, kNan, at::kDouble)};
  std::vector<std::int64_t> there;
  std::vector<at::Tensor> rows;
  for (std::int64_t i = 0; i < count; ++i) {
    if (!features[i].defined()) continue;
    there.push_back(i);
    rows.push_back(features[i].flatten());
  }
  if (rows.empty()) return found;
  const at::Tensor products = products_of(rows);
  const at::Tensor norms = products.diagonal().sqrt();
  const at::Tensor cosine = products / at::outer(norms, norms);
  const at::Tensor distance = squared_distances_of(rows).sqrt() / norms.unsqueeze(1);
  const at::Tensor places = at::tensor(there, at::kLong);
  const auto put = [&](at::Tensor& target, const at::Tensor& values) {
    target.index_put_({places.unsqueeze(1), places.unsqueeze(0)}, values);
  };
  put(found.cosine, cosine);
  put(found.distance, distance);
  return found;
}

}  // namespace fdbench
