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

std::int64_t num_blocks(const at::Tensor& features) {
  return (features.size(0) + kRows - 1) / kRows;
}

/// Takes the smallest `kept` of each row of `found` [n, m] together with those so far.
void keep_nearest(at::Tensor& nearest, const at::Tensor& found, std::int64_t kept) {
  const at::Tensor all = nearest.defined() ? at::cat({nearest, found}, 1) : found;
  nearest = std::get<0>(all.topk(std::min(kept, all.size(1)), 1, /*largest=*/false));
}

/// Squared distance of each sample to its k-th nearest neighbour, itself not counted: [n]. Each
/// pair of blocks is looked at once, for the samples of both.
at::Tensor radii(const at::Tensor& features, int neighbours) {
  const std::int64_t blocks = num_blocks(features), kept = neighbours + 1;
  std::vector<at::Tensor> nearest(static_cast<std::size_t>(blocks));
  for (std::int64_t i = 0; i < blocks; ++i) {
    const at::Tensor rows = block(features, i * kRows);
    for (std::int64_t j = i; j < blocks; ++j) {
      at::Tensor found = distances(rows, block(features, j * kRows));
      // Itself, first in any order.
      if (i == j) found.fill_diagonal_(-1);
      keep_nearest(nearest[i], found, kept);
      if (i != j) keep_nearest(nearest[j], found.t(), kept);
    }
    nearest[i] = nearest[i].select(1, neighbours).clone();
  }
  return at::cat(nearest, 0);
}

void check(const at::Tensor& generated, const at::Tensor& real, int neighbours) {
  if (generated.size(1) != real.size(1)) {
    throw usage_error("features of dimension " + std::to_string(generated.size(1)) +
                      " and a reference of dimension " + std::to_string(real.size(1)));
  }
  for (const at::Tensor* set : {&generated, &real}) {
    if (set->size(0) > neighbours) continue;
    throw usage_error("precision and recall need more than " + std::to_string(neighbours) +
                      " samples in each set, there are " + std::to_string(set->size(0)));
  }
}

}  // namespace

PrecisionRecall precision_recall(const at::Tensor& generated, const at::Tensor& real,
                                 int neighbours) {
  check(generated, real, neighbours);
  const at::Tensor real_radii = radii(real, neighbours);
  const at::Tensor generated_radii = radii(generated, neighbours);
  const at::Tensor covered = at::zeros({real.size(0)}, at::kBool);
  std::int64_t inside = 0;
  for (std::int64_t i = 0; i < generated.size(0); i += kRows) {
    const at::Tensor rows = block(generated, i);
    const at::Tensor reach = generated_radii.narrow(0, i, rows.size(0)).unsqueeze(1);
    at::Tensor hit = at::zeros({rows.size(0)}, at::kBool);
    for (std::int64_t j = 0; j < real.size(0); j += kRows) {
      const at::Tensor columns = block(real, j);
      const at::Tensor apart = distances(rows, columns);
      hit |= (apart <= real_radii.narrow(0, j, columns.size(0))).any(1);
      covered.narrow(0, j, columns.size(0)).logical_or_((apart <= reach).any(0));
    }
    inside += hit.sum().item<std::int64_t>();
  }
  return {static_cast<double>(inside) / static_cast<double>(generated.size(0)),
          covered.to(at::kDouble).mean().item<double>()};
}

}  // namespace fdbench
