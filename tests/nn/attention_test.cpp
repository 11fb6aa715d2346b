#include "nn/attention.h"

#include <gtest/gtest.h>

#include <cmath>

#include "nn/random_weights.h"

namespace fdbench {
namespace {

AttentionOptions options(std::int64_t query_dim, std::int64_t context_dim, std::int64_t heads) {
  AttentionOptions options;
  options.query_dim = options.inner_dim = query_dim;
  options.context_dim = context_dim;
  options.heads = heads;
  return options;
}

/// The textbook's formula in float64, head by head.
at::Tensor by_hand(const Attention& attention, const at::Tensor& x, const at::Tensor& context) {
  const at::Tensor q = attention.query(x).to(at::kDouble),
                   k = attention.key(context).to(at::kDouble),
                   v = attention.value(context).to(at::kDouble);
  const std::int64_t width = q.size(2) / attention.heads;
  std::vector<at::Tensor> heads;
  for (std::int64_t h = 0; h < attention.heads; ++h) {
    const auto part = [&](const at::Tensor& t) { return t.slice(2, h * width, (h + 1) * width); };
    const at::Tensor scores = at::bmm(part(q), part(k).transpose(1, 2)) / std::sqrt(width);
    heads.push_back(at::bmm(at::softmax(scores, -1), part(v)));
  }
  return attention.out(at::cat(heads, 2).to(x.scalar_type()));
}

TEST(Attention, FollowsTheFormula) {
  RandomWeights weights;
  const Attention attention(WeightScope(weights, "attn2"), options(12, 7, 3));
  const at::Tensor x = noise({2, 5, 12}), text = noise({2, 4, 7}, 1);
  EXPECT_LT(difference(attention(x, text), by_hand(attention, x, text)), 1e-5);
}

TEST(Attention, UpcastsToFloat32) {
  RandomWeights weights(at::kHalf);
  AttentionOptions with = options(12, 12, 3);
  with.upcast = true;
  const Attention attention(WeightScope(weights, "attn1"), with);
  const at::Tensor x = noise({2, 5, 12}).to(at::kHalf);
  const at::Tensor y = attention(x, x);
  EXPECT_EQ(y.scalar_type(), at::kHalf);
  EXPECT_LT(difference(y, by_hand(attention, x, x)), 1e-3);
}

TEST(Attention, CausalLooksAtNoLaterToken) {
  RandomWeights weights;
  AttentionOptions with = options(8, 8, 2);
  with.causal = true;
  const Attention attention(WeightScope(weights, "self_attn"), with);
  const at::Tensor x = noise({1, 6, 8});
  at::Tensor changed = x.clone();
  changed.select(1, 4).add_(1);
  const at::Tensor a = attention(x, x), b = attention(changed, changed);
  EXPECT_LT(difference(a.slice(1, 0, 4), b.slice(1, 0, 4)), 1e-6);
  EXPECT_GT(difference(a.slice(1, 4), b.slice(1, 4)), 1e-3);
}

TEST(Attention, CountsLinearLayersAndBothProducts) {
  RandomWeights weights;
  const Attention attention(WeightScope(weights, "attn2"), options(12, 7, 3));
  const std::int64_t linear = 2 * (5 * 12 * 12 + 4 * 7 * 12 * 2 + 5 * 12 * 12);
  EXPECT_EQ(attention.multiply_adds(2, 5, 4), linear + 2 * 2 * 5 * 4 * 12);
}

}  // namespace
}  // namespace fdbench
