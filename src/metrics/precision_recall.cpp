#include "metrics/precision_recall.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/error.h"

namespace fdbench {
namespace {

constexpr std::int64_t kRows = 2048;

at::Tensor block(const at::Tensor& features, std::int64_t first) {
  return features.narrow(0, first, std::min(kRows, features.size(0) - first)).to(at::kDouble);
}

/// Squared distances [n, m] of two blocks.
at::Tensor distances(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor rows = a.square().sum(1, /*keepdim=*/true);
  const at::Tensor columns = b.square().sum(1, /*keepdim=*/true).t();
  return at::addmm(rows + columns, a, b.t(), 1, -2);
}

/// Squared distance of each sample to its k-th nearest neighbour, itself not counted: [n].
at::Tensor radii(const at::Tensor& features, int neighbours) {
  std::vector<at::Tensor> parts;
  for (std::int64_t i = 0; i < features.size(0); i += kRows) {
    const at::Tensor rows = block(features, i);
    at::Tensor nearest;
    for (std::int64_t j = 0; j < features.size(0); j += kRows) {
      at::Tensor found = distances(rows, block(features, j));
      if (i == j) found.fill_diagonal_(-1);  // itself, first in any order
      if (nearest.defined()) found = at::cat({nearest, found}, 1);
      const std::int64_t kept = std::min<std::int64_t>(neighbours + 1, found.size(1));
      nearest = std::get<0>(found.topk(kept, 1, /*largest=*/false, /*sorted=*/true));
    }
    parts.push_back(nearest.select(1, neighbours).clone());
  }
  return at::cat(parts, 0);
}

/// Share of `samples` within the radius of any of `centres`.
double share_inside(const at::Tensor& samples, const at::Tensor& centres,
                    const at::Tensor& radius) {
  std::int64_t inside = 0;
  for (std::int64_t i = 0; i < samples.size(0); i += kRows) {
    const at::Tensor rows = block(samples, i);
    at::Tensor hit = at::zeros({rows.size(0)}, at::kBool);
    for (std::int64_t j = 0; j < centres.size(0); j += kRows) {
      const at::Tensor columns = block(centres, j);
      hit |= (distances(rows, columns) <= radius.narrow(0, j, columns.size(0))).any(1);
    }
    inside += hit.sum().item<std::int64_t>();
  }
  return static_cast<double>(inside) / static_cast<double>(samples.size(0));
}

}  // namespace

double precision(const at::Tensor& generated, const at::Tensor& real, int neighbours) {
  if (generated.size(1) != real.size(1)) {
    throw usage_error("features of dimension " + std::to_string(generated.size(1)) +
                      " and a reference of dimension " + std::to_string(real.size(1)));
  }
  for (const at::Tensor* set : {&generated, &real}) {
    if (set->size(0) > neighbours) continue;
    throw usage_error("precision and recall need more than " + std::to_string(neighbours) +
                      " samples in each set, there are " + std::to_string(set->size(0)));
  }
  return share_inside(generated, real, radii(real, neighbours));
}

double recall(const at::Tensor& generated, const at::Tensor& real, int neighbours) {
  return precision(real, generated, neighbours);
}

}  // namespace fdbench
