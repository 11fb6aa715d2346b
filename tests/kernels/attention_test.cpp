#include "kernels/attention.h"

#include <gtest/gtest.h>

#include "kernels/batch.h"

namespace fdbench {
namespace {

/// The formula in float64. query: [n, l', h * d] -> the same shape.
at::Tensor by_hand(const at::Tensor& query, const at::Tensor& keys, const at::Tensor& values,
                   std::int64_t heads, bool causal = false) {
  const auto split = [&](const at::Tensor& x) {
    return x.to(at::kDouble).reshape({x.size(0), x.size(1), heads, -1}).transpose(1, 2);
  };
  const at::Tensor q = split(query), k = split(keys), v = split(values);
  at::Tensor scores = at::matmul(q, k.transpose(2, 3)) / std::sqrt(static_cast<double>(q.size(3)));
  if (causal) scores = scores + at::full({q.size(2), k.size(2)}, -1e9).triu(1);
  return at::matmul(at::softmax(scores, -1), v).transpose(1, 2).reshape(query.sizes());
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

// Head sizes of SD and odd ones; fewer keys than a vector, more than a block; lengths that fill no
// block; each kernel that this CPU has.
TEST(AttentionKernel, FollowsTheFormula) {
  at::manual_seed(1);
  for (const auto& [dtype, tolerance] :
       {std::pair{at::kFloat, 5e-6}, {at::kBFloat16, 2e-2}, {at::kHalf, 3e-3}}) {
    for (const std::int64_t d : {40, 64, 72, 80, 160, 16, 7, 2}) {
      for (const auto& [length, keys] :
           {std::pair<std::int64_t, std::int64_t>{70, 70}, {1, 77}, {130, 1100}, {3, 1}}) {
        const at::Tensor q = at::randn({2, length, 3 * d}).to(dtype),
                         k = at::randn({2, keys, 3 * d}).to(dtype),
                         v = at::randn({2, keys, 3 * d}).to(dtype);
        for (const AttentionKernel kernel : attention_kernels(dtype, d, at::kCPU)) {
          const at::Tensor y = attention(q, pack_keys_and_values(k, v, 3, kernel));
          EXPECT_EQ(y.scalar_type(), dtype);
          EXPECT_LT(difference(y, by_hand(q, k, v, 3)), tolerance)
              << dtype << " " << d << " " << length << " " << keys << " " << name_of(kernel);
        }
      }
    }
  }
}

TEST(AttentionKernel, TakesRowsOfAnyDistance) {
  at::manual_seed(2);
  const at::Tensor all = at::randn({2, 50, 3 * 16});
  const auto part = [&](std::int64_t i) { return all.slice(2, i * 16, (i + 1) * 16); };
  const at::Tensor y = attention(part(0), pack_keys_and_values(part(1), part(2), 2));
  EXPECT_LT(difference(y, by_hand(part(0), part(1), part(2), 2)), 1e-5);
}

TEST(AttentionKernel, ASmallerBatchStandsForItsRepetition) {
  at::manual_seed(3);
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
    const at::Tensor q = at::randn({2, 9, 8}).to(dtype), k = at::randn({6, 5, 8}).to(dtype),
                     v = at::randn({6, 5, 8}).to(dtype);
    EXPECT_TRUE(at::equal(attention(q, pack_keys_and_values(k, v, 2)),
                          attention(repeat_batch(q, 6), pack_keys_and_values(k, v, 2))));
    const at::Tensor one_k = k.slice(0, 0, 2), one_v = v.slice(0, 0, 2),
                     queries = at::randn({6, 9, 8}).to(dtype);
    EXPECT_TRUE(at::equal(attention(queries, pack_keys_and_values(one_k, one_v, 2)),
                          attention(queries, pack_keys_and_values(repeat_batch(one_k, 6),
                                                                  repeat_batch(one_v, 6), 2))));
  }
}

// Large scores: the running maximum must keep the powers in range, whatever the order of the keys.
TEST(AttentionKernel, StaysFiniteWithLargeScores) {
  at::manual_seed(4);
  const at::Tensor q = 60 * at::randn({1, 20, 16}), k = 60 * at::randn({1, 1200, 16}),
                   v = at::randn({1, 1200, 16});
  const at::Tensor y = attention(q, pack_keys_and_values(k, v, 1));
  EXPECT_LT(difference(y, by_hand(q, k, v, 1)), 1e-2);
  EXPECT_TRUE(at::isfinite(y).all().item<bool>());
}

// Weights are relative to the highest score among the first keys; the later ones may lie beyond
// what the powers can hold.
TEST(AttentionKernel, FirstKeysMayBeNoGuide) {
  at::manual_seed(6);
  for (const auto& [dtype, tolerance] : {std::pair{at::kFloat, 1e-4}, {at::kBFloat16, 2e-2}}) {
    const at::Tensor q = at::ones({1, 40, 16}).to(dtype), v = at::randn({1, 900, 16}).to(dtype);
    at::Tensor k = at::randn({1, 900, 16});
    k.slice(1, 0, 300).sub_(60);
    k = k.to(dtype);
    for (const AttentionKernel kernel : attention_kernels(dtype, 16, at::kCPU)) {
      const at::Tensor y = attention(q, pack_keys_and_values(k, v, 1, kernel));
      EXPECT_LT(difference(y, by_hand(q, k, v, 1)), tolerance) << dtype << " " << name_of(kernel);
    }
  }
}

// The opposite: what comes later counts for nothing.
TEST(AttentionKernel, LaterKeysMayCountForNothing) {
  at::manual_seed(7);
  for (const auto& [dtype, tolerance] : {std::pair{at::kFloat, 1e-4}, {at::kBFloat16, 2e-2}}) {
    const at::Tensor q = at::ones({1, 40, 16}).to(dtype), v = at::randn({1, 900, 16}).to(dtype);
    at::Tensor k = at::randn({1, 900, 16});
    k.slice(1, 300).sub_(60);
    k = k.to(dtype);
    for (const AttentionKernel kernel : attention_kernels(dtype, 16, at::kCPU)) {
      const at::Tensor y = attention(q, pack_keys_and_values(k, v, 1, kernel));
      EXPECT_LT(difference(y, by_hand(q, k, v, 1)), tolerance) << dtype << " " << name_of(kernel);
    }
  }
}

TEST(AttentionKernel, ARowDoesNotDependOnTheOthers) {
  at::manual_seed(8);
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    const at::Tensor q = at::randn({1, 200, 40}).to(dtype), k = at::randn({1, 500, 40}).to(dtype),
                     v = at::randn({1, 500, 40}).to(dtype);
    const KeysAndValues context = pack_keys_and_values(k, v, 1);
    const at::Tensor all = attention(q, context);
    EXPECT_TRUE(at::equal(attention(q.slice(1, 0, 7), context), all.slice(1, 0, 7))) << dtype;
  }
}

TEST(AttentionKernel, CausalSeesNothingAhead) {
  at::manual_seed(5);
  const at::Tensor q = at::randn({2, 9, 8}), k = at::randn({2, 9, 8}), v = at::randn({2, 9, 8});
  EXPECT_LT(
      difference(causal_attention(q, plain_keys_and_values(k, v, 2)), by_hand(q, k, v, 2, true)),
      1e-5);
}

}  // namespace
}  // namespace fdbench
