#include "nn/embeddings.h"

#include <gtest/gtest.h>

#include <cmath>

#include "nn/random_weights.h"

namespace fdbench {
namespace {

TEST(Timesteps, FollowsTheFormula) {
  const at::Tensor values = at::tensor({0, 7, 999});
  const at::Tensor embedding = Timesteps{8, false, 1}(values);
  for (int row = 0; row < 3; ++row) {
    for (int i = 0; i < 4; ++i) {
      const double angle = values[row].item<double>() * std::exp(-std::log(1e4) * i / (4 - 1.0));
      EXPECT_NEAR(embedding[row][i].item<double>(), std::sin(angle), 1e-4);
      EXPECT_NEAR(embedding[row][i + 4].item<double>(), std::cos(angle), 1e-4);
    }
  }
}

TEST(Timesteps, FlippedHasCosinesFirst) {
  const at::Tensor plain = Timesteps{6, false, 0}(at::tensor({3.5}));
  const at::Tensor flipped = Timesteps{6, true, 0}(at::tensor({3.5}));
  EXPECT_TRUE(at::equal(at::cat({plain.slice(1, 3), plain.slice(1, 0, 3)}, 1), flipped));
}

TEST(Timesteps, OddWidthEndsWithZero) {
  const at::Tensor embedding = Timesteps{5, true, 0}(at::tensor({3}));
  EXPECT_EQ(embedding.size(1), 5);
  EXPECT_EQ(embedding[0][4].item<float>(), 0);
}

TEST(Timesteps, IsFloat32WhateverTheNumbersAre) {
  for (const auto dtype : {at::kLong, at::kInt, at::kDouble, at::kHalf}) {
    const at::Tensor embedding = Timesteps{4, true, 0}(at::full({2}, 12, dtype));
    EXPECT_EQ(embedding.scalar_type(), at::kFloat);
    EXPECT_TRUE(at::equal(embedding, Timesteps{4, true, 0}(at::full({2}, 12, at::kFloat))));
  }
}

TEST(TimestepEmbedding, HasTwoLinearLayers) {
  RandomWeights weights;
  const TimestepEmbedding embedding(WeightScope(weights, "time_embedding"), 4, 10,
                                    Activation::kSilu);
  EXPECT_EQ(weights.taken.size(), 4u);
  EXPECT_EQ(embedding(noise({3, 4})).sizes(), (std::vector<std::int64_t>{3, 10}));
}

}  // namespace
}  // namespace fdbench
