#include "nn/token_matching.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "nn/random_weights.h"

namespace fdbench {
namespace {

constexpr std::int64_t kChannels = 6;

MergeGrid make_grid(std::int64_t height, std::int64_t width, double ratio, bool use_rand = false) {
  TokenMerging merging;
  merging.ratio = ratio;
  merging.sx = 3;
  merging.use_rand = use_rand;
  return *merge_grid(merging, height * width, height, width);
}

/// For each token the destination it is merged into, -1 where it keeps to itself: one pair after
/// the other in plain loops over float64. x: [N, C].
std::vector<std::int64_t> plain_partners(const at::Tensor& x, const MergeGrid& grid,
                                         std::uint64_t seed) {
  const at::Tensor values = x.to(at::kDouble).contiguous();
  const auto cosine = [&](std::int64_t a, std::int64_t b) {
    const double dot = values[a].dot(values[b]).item<double>();
    return dot / std::sqrt(values[a].dot(values[a]).item<double>() *
                           values[b].dot(values[b]).item<double>());
  };
  const std::vector<std::int64_t> destinations = destination_tokens(grid, seed);
  std::vector<std::pair<double, std::int64_t>> sources;  // minus the score, token
  std::vector<std::int64_t> nearest(grid.tokens(), -1);
  for (std::int64_t token = 0; token < grid.tokens(); ++token) {
    if (std::find(destinations.begin(), destinations.end(), token) != destinations.end()) continue;
    double best = -2;
    for (const std::int64_t destination : destinations) {
      const double score = cosine(token, destination);
      if (score > best) nearest[token] = destination;
      best = std::max(best, score);
    }
    sources.emplace_back(-best, token);
  }
  std::sort(sources.begin(), sources.end());
  std::vector<std::int64_t> partners(grid.tokens(), -1);
  for (std::int64_t i = 0; i < grid.merged; ++i) {
    partners[sources[i].second] = nearest[sources[i].second];
  }
  return partners;
}

/// What merging and unmerging makes of y with these partners. y: [N, C].
at::Tensor plain_round_trip(const at::Tensor& y, const std::vector<std::int64_t>& partners) {
  at::Tensor result = at::empty_like(y);
  for (std::size_t token = 0; token < partners.size(); ++token) {
    const std::int64_t meeting =
        partners[token] >= 0 ? partners[token] : static_cast<std::int64_t>(token);
    at::Tensor sum = y[meeting].clone();
    int count = 1;
    for (std::size_t other = 0; other < partners.size(); ++other) {
      if (partners[other] != meeting) continue;
      sum += y[static_cast<std::int64_t>(other)];
      ++count;
    }
    result[static_cast<std::int64_t>(token)] = sum / count;
  }
  return result;
}

TEST(TokenMatching, EqualsPlainLoops) {
  for (const auto& [height, width] : {std::pair{4, 6}, std::pair{5, 7}, std::pair{2, 11}}) {
    for (const double ratio : {0.1, 0.5, 0.99}) {
      for (const bool use_rand : {false, true}) {
        const MergeGrid grid = make_grid(height, width, ratio, use_rand);
        const at::Tensor x = noise({2, grid.tokens(), kChannels}, 3);
        const at::Tensor y = noise({2, grid.tokens(), kChannels}, 4);
        const std::vector<std::uint64_t> seeds = {11, 12};
        const TokenMatching matching(x, grid, seeds);
        const at::Tensor merged = matching.merge(y);
        EXPECT_EQ(merged.sizes(), at::IntArrayRef({2, grid.left(), kChannels}));
        const at::Tensor back = matching.unmerge(merged);
        for (std::int64_t i = 0; i < 2; ++i) {
          const auto partners = plain_partners(x[i], grid, seeds[i]);
          // Sums of a few float32 numbers of size 1 in another order.
          EXPECT_LT(difference(back[i], plain_round_trip(y[i], partners)), 1e-6)
              << height << "x" << width << ", ratio " << ratio << ", use_rand " << use_rand;
        }
      }
    }
  }
}

TEST(TokenMatching, PlacesAreEachTakenAndDestinationsLast) {
  const MergeGrid grid = make_grid(5, 7, 0.4);
  const TokenMatching matching(noise({1, 35, kChannels}, 3), grid, {});
  const at::Tensor places = matching.places()[0].contiguous();
  const std::int64_t* place = places.const_data_ptr<std::int64_t>();
  std::vector<int> taken(grid.left(), 0);
  for (std::int64_t token = 0; token < 35; ++token) ++taken.at(place[token]);
  EXPECT_EQ(std::count(taken.begin(), taken.end(), 0), 0);
  EXPECT_EQ(std::accumulate(taken.begin(), taken.end(), 0), 35);
  const std::vector<std::int64_t> destinations = destination_tokens(grid, 0);
  for (std::size_t i = 0; i < destinations.size(); ++i) {
    EXPECT_EQ(place[destinations[i]],
              grid.left() - grid.destinations() + static_cast<std::int64_t>(i));
  }
}

TEST(TokenMatching, ASmallerBatchStandsForItsRepetition) {
  const MergeGrid grid = make_grid(4, 6, 0.5, true);
  const at::Tensor x = noise({2, 24, kChannels}, 3), y = noise({2, 24, kChannels}, 5);
  const at::Tensor doubled = at::cat({x, x}), y_doubled = at::cat({y, y});
  const TokenMatching small(x, grid, {1, 2}), whole(doubled, grid, {1, 2, 1, 2});
  EXPECT_TRUE(at::equal(at::cat({small.places(), small.places()}), whole.places()));
  EXPECT_TRUE(at::equal(small.merge(y_doubled), whole.merge(y_doubled)));
  const at::Tensor merged = whole.merge(y_doubled);
  EXPECT_TRUE(at::equal(small.unmerge(merged), whole.unmerge(merged)));
  const TokenMatching by_seeds(x, grid, {1, 2, 1, 2});
  EXPECT_TRUE(at::equal(by_seeds.places(), whole.places()));
  EXPECT_TRUE(at::equal(by_seeds.merge(y), whole.merge(y_doubled)));
}

TEST(TokenMatching, ReadsDirectionsOnly) {
  const MergeGrid grid = make_grid(4, 6, 0.5);
  const at::Tensor x = noise({1, 24, kChannels}, 3);
  const at::Tensor lengths = noise({1, 24, 1}, 4).abs() + 0.5;
  EXPECT_TRUE(at::equal(TokenMatching(x, grid, {}).places(),
                        TokenMatching(x * lengths, grid, {}).places()));
}

// Tokens that are copies of one of the destinations go to it in any dtype.
TEST(TokenMatching, FindsCopiesInEveryDtype) {
  const MergeGrid grid = make_grid(4, 6, 0.99);
  const std::vector<std::int64_t> destinations = destination_tokens(grid, 0);
  at::Tensor x = at::empty({1, 24, 4});
  std::vector<std::int64_t> wanted;
  const at::Tensor corners = at::eye(4);
  for (std::int64_t token = 0; token < 24; ++token) {
    const auto found = std::find(destinations.begin(), destinations.end(), token);
    const std::int64_t corner =
        found != destinations.end() ? found - destinations.begin() : token * 7 % 4;
    wanted.push_back(corner);
    x[0][token] = corners[corner] * 3;
  }
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16, at::kHalf}) {
    const at::Tensor given = x.to(dtype);
    const TokenMatching matching(given, grid, {});
    EXPECT_TRUE(at::equal(matching.places()[0], at::tensor(wanted, at::kLong)));
    EXPECT_TRUE(at::equal(matching.unmerge(matching.merge(given)), given)) << "means of copies";
    EXPECT_EQ(matching.merge(given).scalar_type(), dtype);
  }
}

TEST(TokenMatching, CountsItsScores) {
  const MergeGrid grid = make_grid(5, 7, 0.5);
  EXPECT_EQ(matching_multiply_adds(grid, 2, 10), 2 * 10 * (35 - 4) * 4);
}

}  // namespace
}  // namespace fdbench
