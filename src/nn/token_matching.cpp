#include "nn/token_matching.h"

#include <algorithm>

#include "kernels/batch.h"

namespace fdbench {
namespace {

/// Mode of at::embedding_bag.
constexpr std::int64_t kMean = 1;

/// Sources and destinations of s choices, int64: [s, sources] and [s, destinations].
struct Sides {
  at::Tensor sources, destinations;
};

at::Tensor as_tensor(const std::vector<std::int64_t>& values, std::int64_t rows,
                     at::Device device) {
  return at::tensor(values, at::kLong).view({rows, -1}).to(device);
}

Sides make_sides(const MergeGrid& grid, const std::vector<std::uint64_t>& seeds,
                 at::Device device) {
  const std::vector<std::uint64_t> choices =
      grid.options.use_rand ? seeds : std::vector<std::uint64_t>{0};
  std::vector<std::int64_t> sources, destinations;
  for (const std::uint64_t seed : choices) {
    const std::vector<std::int64_t> chosen = destination_tokens(grid, seed);
    destinations.insert(destinations.end(), chosen.begin(), chosen.end());
    for (std::int64_t token = 0; token < grid.tokens(); ++token) {
      if (!std::binary_search(chosen.begin(), chosen.end(), token)) sources.push_back(token);
    }
  }
  const auto rows = static_cast<std::int64_t>(choices.size());
  return {as_tensor(sources, rows, device), as_tensor(destinations, rows, device)};
}

/// Rows in a batch laid end to end. index: [m, k], in entries of `length` rows each -> [batch * k].
at::Tensor flat_rows(const at::Tensor& index, std::int64_t batch, std::int64_t length) {
  const at::Tensor first = at::arange(batch, index.options()).mul_(length).unsqueeze(1);
  return (repeat_batch(index, batch) + first).view({-1});
}

/// x: [n, l, C], index: [m, k] -> [max(n, m), k, C].
at::Tensor take_rows(const at::Tensor& x, const at::Tensor& index) {
  const std::int64_t batch = std::max(x.size(0), index.size(0)), channels = x.size(2);
  const at::Tensor rows = flat_rows(index, batch, x.size(1));
  return repeat_batch(x, batch)
      .reshape({-1, channels})
      .index_select(0, rows)
      .view({batch, index.size(1), channels});
}

/// Place of each token, [m, N].
at::Tensor make_places(const at::Tensor& x, const MergeGrid& grid, const Sides& sides) {
  const at::Tensor metric = x / at::linalg_vector_norm(x, 2, {-1}, /*keepdim=*/true);
  const at::Tensor sources = take_rows(metric, sides.sources);
  const at::Tensor destinations = take_rows(metric, sides.destinations);
  const auto [best, partner] = at::bmm(sources, destinations.transpose(1, 2)).max(-1);
  const at::Tensor by_score =
      std::get<1>(at::sort(best, /*stable=*/true, /*dim=*/-1, /*descending=*/true));

  const std::int64_t batch = best.size(0), alone = grid.sources() - grid.merged;
  const at::TensorOptions options = partner.options();
  const at::Tensor merged = by_score.slice(1, 0, grid.merged);
  const at::Tensor kept = std::get<0>(by_score.slice(1, grid.merged).sort(1));
  // Of the merged ones.
  at::Tensor source_places = partner + alone;
  source_places.scatter_(1, kept, at::arange(alone, options).expand({batch, alone}));
  at::Tensor places = at::empty({batch, grid.tokens()}, options);
  places.scatter_(1, repeat_batch(sides.sources, batch), source_places);
  const at::Tensor last = at::arange(alone, grid.left(), options);
  places.scatter_(1, repeat_batch(sides.destinations, batch),
                  last.expand({batch, grid.destinations()}));
  return places;
}

}  // namespace

TokenMatching::TokenMatching(const at::Tensor& x, const MergeGrid& grid,
                             const std::vector<std::uint64_t>& seeds)
    : places_(make_places(x, grid, make_sides(grid, seeds, x.device()))) {
  order_ = places_.argsort(/*stable=*/true, /*dim=*/1);
  at::Tensor counts = at::zeros({places_.size(0), grid.left()}, places_.options());
  counts.scatter_add_(1, places_, at::ones_like(places_));
  starts_ = counts.cumsum(1) - counts;
}

at::Tensor TokenMatching::merge(const at::Tensor& x) const {
  const std::int64_t batch = std::max(x.size(0), places_.size(0)), channels = x.size(2);
  const at::Tensor rows = repeat_batch(x, batch).reshape({-1, channels});
  const at::Tensor means = std::get<0>(at::embedding_bag(rows, flat_rows(order_, batch, x.size(1)),
                                                         flat_rows(starts_, batch, x.size(1)),
                                                         /*scale_grad_by_freq=*/false, kMean));
  return means.view({batch, starts_.size(1), channels});
}

at::Tensor TokenMatching::unmerge(const at::Tensor& x) const { return take_rows(x, places_); }

std::int64_t matching_multiply_adds(const MergeGrid& grid, std::int64_t batch,
                                    std::int64_t channels) {
  return batch * grid.sources() * grid.destinations() * channels;
}

}  // namespace fdbench
