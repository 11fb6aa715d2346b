#include "samplers/beta_quantile.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace fdbench {
namespace {

TEST(BetaQuantile, OfShapeOneIsUniform) {
  for (const double p : {1e-6, 0.1, 0.25, 0.5, 0.9, 0.999}) {
    EXPECT_NEAR(beta_quantile(p, 1), p, 1e-14);
  }
}

TEST(BetaQuantile, OfShapeHalfIsTheArcsineLaw) {
  for (const double p : {1e-6, 0.02, 0.3, 0.5, 0.7, 0.98}) {
    const double root = std::sin(std::numbers::pi / 2 * p);
    EXPECT_NEAR(beta_quantile(p, 0.5), root * root, 1e-13);
  }
}

/// Of mpmath with 25 digits.
TEST(BetaQuantile, OfTheShapeThatSamplersUse) {
  EXPECT_NEAR(beta_quantile(0.001, 0.6), 1.8558738517451997e-05, 1e-17);
  EXPECT_NEAR(beta_quantile(0.02, 0.6), 0.002732982024577029, 1e-15);
  EXPECT_NEAR(beta_quantile(0.2, 0.6), 0.12292175045833292, 1e-14);
  EXPECT_NEAR(beta_quantile(0.75, 0.6), 0.824319621347305, 1e-14);
  EXPECT_NEAR(beta_quantile(0.99, 0.6), 0.9991387611784571, 1e-14);
}

TEST(BetaQuantile, EndsAtZeroAndOne) {
  EXPECT_EQ(beta_quantile(0, 0.6), 0);
  EXPECT_EQ(beta_quantile(1, 0.6), 1);
}

}  // namespace
}  // namespace fdbench
