#include "kernels/activation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace fdbench {
namespace {

double at_one(const std::string& name) {
  return activate_in_place(at::ones({1}, at::kDouble), parse_activation(name).value())
      .item<double>();
}

TEST(Activation, NamesAreThoseOfDiffusersAndTransformers) {
  EXPECT_EQ(parse_activation("swish"), parse_activation("silu"));
  EXPECT_FALSE(parse_activation("sigmoid").has_value());
  EXPECT_THAT(activation_names(), testing::Contains("quick_gelu"));
}

TEST(Activation, FollowsTheFormulas) {
  EXPECT_NEAR(at_one("silu"), 1 / (1 + std::exp(-1.0)), 1e-12);
  EXPECT_NEAR(at_one("quick_gelu"), 1 / (1 + std::exp(-1.702)), 1e-12);
  EXPECT_NEAR(at_one("gelu"), 0.5 * (1 + std::erf(std::sqrt(0.5))), 1e-12);
  EXPECT_NEAR(at_one("mish"), std::tanh(std::log1p(std::exp(1.0))), 1e-12);
  EXPECT_EQ(at_one("relu"), 1);
}

TEST(Activation, WorksInPlace) {
  for (const std::string& name : activation_names()) {
    const at::Tensor x = at::full({3}, -2.0);
    EXPECT_EQ(activate_in_place(x, *parse_activation(name)).data_ptr(), x.data_ptr()) << name;
  }
}

}  // namespace
}  // namespace fdbench
