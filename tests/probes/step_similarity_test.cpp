#include "probes/step_similarity.h"

#include <gtest/gtest.h>

#include <cmath>

namespace fdbench {
namespace {

double at_cell(const at::Tensor& map, int s, int t) { return map[s][t].item<double>(); }

/// Features that move along a line: start + step * direction.
std::vector<at::Tensor> line(const at::Tensor& start, const at::Tensor& direction, int num_steps) {
  std::vector<at::Tensor> steps;
  for (int i = 0; i < num_steps; ++i) steps.push_back(start + i * direction);
  return steps;
}

TEST(StepSimilarity, OfFeaturesThatMoveLinearly) {
  // Perpendicular, of length 2 and 1: after i steps the length is sqrt(4 + i^2).
  const at::Tensor start = at::tensor({2.0F, 0.0F}).view({2, 1, 1});
  const at::Tensor direction = at::tensor({0.0F, 1.0F}).view({2, 1, 1});
  const StepSimilarity found = step_similarity(line(start, direction, 4));
  for (int s = 0; s < 4; ++s) {
    for (int t = 0; t < 4; ++t) {
      const double length_s = std::sqrt(4.0 + s * s), length_t = std::sqrt(4.0 + t * t);
      EXPECT_NEAR(at_cell(found.distance, s, t), std::abs(s - t) / length_s, 1e-7);
      EXPECT_NEAR(at_cell(found.cosine, s, t), (4.0 + s * t) / (length_s * length_t), 1e-7);
    }
  }
}

TEST(StepSimilarity, SeesSmallChangesOfLargeFeatures) {
  const at::Tensor start = at::full({8, 40, 40}, 100.0);
  at::Tensor other = start.clone();
  other[0][0][0] += 0.5;
  const StepSimilarity found = step_similarity({start.to(at::kFloat), other.to(at::kFloat)});
  const double length = 100 * std::sqrt(8 * 40 * 40.0);
  EXPECT_NEAR(at_cell(found.distance, 0, 1), 0.5 / length, 1e-12);
}

TEST(StepSimilarity, OfManyValuesIsThatInFloat64) {
  at::manual_seed(0);
  std::vector<at::Tensor> steps;
  // More values than are multiplied at once.
  for (int i = 0; i < 3; ++i) steps.push_back(at::randn({4, 200, 200}));
  const StepSimilarity found = step_similarity(steps);
  for (int s = 0; s < 3; ++s) {
    for (int t = 0; t < 3; ++t) {
      const at::Tensor a = steps[s].flatten().to(at::kDouble);
      const at::Tensor b = steps[t].flatten().to(at::kDouble);
      const double norms = (a.norm() * b.norm()).item<double>();
      EXPECT_NEAR(at_cell(found.cosine, s, t), a.dot(b).item<double>() / norms, 1e-12);
      EXPECT_NEAR(at_cell(found.distance, s, t),
                  (a - b).norm().item<double>() / a.norm().item<double>(), 1e-6);
    }
  }
}

TEST(StepSimilarity, StepsWithoutFeaturesAreNotANumber) {
  const at::Tensor there = at::ones({1, 2, 2});
  const StepSimilarity found = step_similarity({there, at::Tensor(), there});
  EXPECT_EQ(at_cell(found.distance, 0, 2), 0);
  EXPECT_NEAR(at_cell(found.cosine, 2, 0), 1, 1e-12);
  for (const at::Tensor& map : {found.cosine, found.distance}) {
    EXPECT_TRUE(std::isnan(at_cell(map, 1, 0)));
    EXPECT_TRUE(std::isnan(at_cell(map, 1, 1)));
  }
}

}  // namespace
}  // namespace fdbench
