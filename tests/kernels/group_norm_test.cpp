#include "kernels/group_norm.h"

#include <gtest/gtest.h>

#include "kernels/batch.h"

namespace fdbench {
namespace {

double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

/// In float64.
at::Tensor by_hand(const GroupNormInput& input, std::int64_t groups, const at::Tensor& weight,
                   const at::Tensor& bias, bool silu) {
  const std::int64_t batch = input.x.size(0);
  at::Tensor x = input.x.to(at::kDouble);
  if (input.partial.defined()) x = x + repeat_batch(input.partial, batch);
  if (input.shift.defined()) x = x + repeat_batch(input.shift, batch).unsqueeze(2).unsqueeze(3);
  if (input.channels.defined())
    x = at::cat({x, repeat_batch(input.channels, batch).to(at::kDouble)}, 1);
  const at::Tensor y =
      at::group_norm(x, groups, weight.to(at::kDouble), bias.to(at::kDouble), 1e-5);
  return silu ? at::silu(y) : y;
}

// Channels that fill no vector, one pixel, one row, both memory layouts, everything that can be
// added.
TEST(GroupNormKernel, FollowsTheFormula) {
  at::manual_seed(1);
  for (const auto& [dtype, tolerance] :
       {std::pair{at::kFloat, 5e-6}, {at::kBFloat16, 4e-2}, {at::kHalf, 1e-2}}) {
    for (const auto& [c, c2, h, w] :
         {std::tuple{24, 12, 5, 7}, {32, 4, 1, 1}, {36, 36, 1, 9}, {8, 0, 6, 1}}) {
      for (const bool silu : {false, true}) {
        for (const auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
          const auto draw = [&](std::int64_t n, std::int64_t channels) {
            return at::randn({n, channels, h, w}).add(0.5).to(dtype).contiguous(format);
          };
          GroupNormInput input{draw(4, c), {}, draw(2, c), at::randn({1, c}).to(dtype)};
          if (c2 > 0) input.channels = draw(2, c2 + 3).slice(1, 3);
          const at::Tensor weight = at::randn({c + c2}).to(dtype),
                           bias = at::randn({c + c2}).to(dtype);
          const auto activation = silu ? std::optional(Activation::kSilu) : std::nullopt;
          const at::Tensor y = group_norm(input, 4, weight, bias, 1e-5, activation);
          EXPECT_EQ(y.scalar_type(), dtype);
          EXPECT_LT(difference(y, by_hand(input, 4, weight, bias, silu)), tolerance)
              << dtype << " " << c << " " << h;
        }
      }
    }
  }
}

// The mean is far larger than the deviation: sums of squares in single precision would lose it.
TEST(GroupNormKernel, KeepsPrecisionFarFromZero) {
  at::manual_seed(2);
  const at::Tensor x = at::randn({1, 32, 16, 16}) + 1000.0, ones = at::ones({32}),
                   zeros = at::zeros({32});
  const at::Tensor y = group_norm({x, {}, {}, {}}, 4, ones, zeros, 1e-5, {});
  EXPECT_LT(difference(y, by_hand({x, {}, {}, {}}, 4, ones, zeros, false)), 5e-4);
}

TEST(GroupNormKernel, TakesOtherActivations) {
  at::manual_seed(3);
  const at::Tensor x = at::randn({2, 8, 3, 3}), weight = at::randn({8}), bias = at::randn({8});
  const at::Tensor plain = at::group_norm(x, 2, weight, bias, 1e-5);
  EXPECT_LT(difference(group_norm({x, {}, {}, {}}, 2, weight, bias, 1e-5, Activation::kRelu),
                       at::relu(plain)),
            1e-5);
  EXPECT_LT(difference(group_norm({x, {}, {}, {}}, 2, weight, bias, 1e-5, Activation::kMish),
                       at::mish(plain)),
            1e-5);
}

TEST(GroupNormKernel, NotANumberStays) {
  at::Tensor x = at::randn({1, 16, 4, 4}).to(at::kBFloat16);
  x.fill_(std::numeric_limits<float>::quiet_NaN());
  const at::Tensor ones = at::ones({16}).to(at::kBFloat16);
  const at::Tensor y = group_norm({x, {}, {}, {}}, 2, ones, ones, 1e-5, Activation::kSilu);
  EXPECT_TRUE(at::isnan(y).all().item<bool>());
}

}  // namespace
}  // namespace fdbench
