// Packed layers, the gate, channels-last views.
#include <gtest/gtest.h>

#include "kernels/batch.h"
#include "kernels/channels_last.h"
#include "kernels/cpu_features.h"
#include "kernels/gated_gelu.h"
#include "kernels/packed_layers.h"

namespace fdbench {
namespace {

double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

TEST(PackedLayers, ConvolutionsEqualPlainOnes) {
  at::manual_seed(1);
  for (const auto& [dtype, tolerance] : {std::pair{at::kFloat, 2e-5}, {at::kBFloat16, 6e-2}}) {
    for (const auto& [in, out, kernel, stride] :
         {std::tuple{16, 32, 3, 1}, {20, 33, 3, 2}, {5, 8, 1, 1}}) {
      const std::int64_t padding = kernel / 2;
      const at::Tensor weight = (at::randn({out, in, kernel, kernel}) * 0.1).to(dtype),
                       bias = at::randn({out}).to(dtype);
      const at::Tensor packed = pack_conv_weight(weight, stride, padding, 8, 8);
      EXPECT_EQ(packed.is_mkldnn(), has_packed_layers(dtype));
      EXPECT_EQ(packed.sizes(), weight.sizes());
      for (const auto& [n, h, w] : {std::tuple{2, 8, 8}, {1, 5, 9}, {3, 1, 1}}) {
        const at::Tensor x = at::randn({n, in, h, w}).to(dtype);
        const at::Tensor plain =
            at::conv2d(x.to(at::kDouble), weight.to(at::kDouble), bias.to(at::kDouble),
                       {stride, stride}, {padding, padding});
        const at::Tensor added = at::randn(plain.sizes()).to(dtype);
        EXPECT_LT(difference(convolve(x, packed, bias, stride, padding), plain), tolerance);
        EXPECT_LT(difference(convolve(x, packed, bias, stride, padding, added), plain + added),
                  tolerance);
        EXPECT_LT(difference(convolve(x, weight, bias, stride, padding, added), plain + added),
                  tolerance);
      }
    }
  }
}

TEST(PackedLayers, LinearLayersEqualPlainOnes) {
  at::manual_seed(2);
  for (const auto& [dtype, tolerance] : {std::pair{at::kFloat, 2e-5}, {at::kBFloat16, 8e-2}}) {
    const at::Tensor weight = (at::randn({33, 20}) * 0.2).to(dtype),
                     bias = at::randn({33}).to(dtype);
    const at::Tensor packed = pack_linear_weight(weight);
    EXPECT_EQ(packed.is_mkldnn(), has_packed_layers(dtype));
    const at::Tensor x = at::randn({2, 7, 20}).to(dtype), added = at::randn({2, 7, 33}).to(dtype);
    const at::Tensor plain =
        at::linear(x.to(at::kDouble), weight.to(at::kDouble), bias.to(at::kDouble));
    EXPECT_LT(difference(linear(x, packed, bias), plain), tolerance);
    EXPECT_LT(difference(linear(x, packed, bias, added), plain + added), tolerance);
    EXPECT_LT(
        difference(linear(x.slice(1, 2, 5), packed, at::Tensor()), plain.slice(1, 2, 5) - bias),
        tolerance);
  }
}

TEST(PackedLayers, LeaveTheirInputsAlone) {
  at::manual_seed(3);
  const at::Tensor weight = at::randn({8, 8, 3, 3}), packed = pack_conv_weight(weight, 1, 1, 4, 4);
  const at::Tensor x = at::randn({1, 8, 4, 4}), added = at::randn({1, 8, 4, 4});
  const at::Tensor x_before = x.clone(), added_before = added.clone();
  convolve(x, packed, at::Tensor(), 1, 1, added);
  linear(as_tokens(x), pack_linear_weight(at::randn({8, 8})), at::Tensor(), as_tokens(added));
  EXPECT_TRUE(at::equal(x, x_before) && at::equal(added, added_before));
}

TEST(GatedGelu, FollowsTheFormula) {
  at::manual_seed(4);
  // Relative to the result: a unit in the last place of each dtype; what float32 loses is
  // erf's 1.5e-7.
  for (const auto& [dtype, tolerance] :
       {std::pair{at::kFloat, 1e-6}, {at::kBFloat16, 4e-3}, {at::kHalf, 2e-3}}) {
    for (const std::int64_t width : {1, 16, 37}) {
      const at::Tensor x = (3 * at::randn({2, 5, 2 * width})).to(dtype);
      const auto halves = x.to(at::kDouble).chunk(2, -1);
      const at::Tensor expected = halves[0] * at::gelu(halves[1]);
      EXPECT_TRUE(at::allclose(gated_gelu(x).to(at::kDouble), expected, tolerance, 3e-6))
          << dtype << " " << width;
    }
  }
  const at::Tensor far = at::tensor({1.0, 1.0, 1.0, 40.0, -40.0, 0.0}).to(at::kFloat).view({1, 6});
  EXPECT_LT(difference(gated_gelu(far), at::tensor({40.0, 0.0, 0.0}).view({1, 3})), 1e-6);
}

TEST(ChannelsLast, ViewsShareMemory) {
  for (const auto& [c, h, w] : {std::tuple{6, 3, 4}, {6, 1, 1}, {1, 3, 4}, {6, 5, 1}, {6, 1, 5}}) {
    const at::Tensor x = at::randn({2, c, h, w}),
                     last = x.contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor tokens = as_tokens(x);
    EXPECT_TRUE(at::equal(tokens, x.flatten(2).transpose(1, 2)));
    EXPECT_TRUE(at::equal(as_feature_map(tokens.contiguous(), h, w), x));
    EXPECT_EQ(as_tokens(last).const_data_ptr(), last.const_data_ptr());
    const at::Tensor some =
        pixel_rows(at::randn({2, c + 2, h, w}).contiguous(at::MemoryFormat::ChannelsLast))
            .slice(1, 2);
    EXPECT_TRUE(at::equal(as_tokens(some), some.flatten(2).transpose(1, 2)));
  }
}

TEST(Batch, RepeatsWholeCopies) {
  const at::Tensor x = at::arange(4).view({2, 2});
  EXPECT_TRUE(at::equal(repeat_batch(x, 4), at::cat({x, x})));
  EXPECT_FALSE(repeat_batch({}, 4).defined());
}

}  // namespace
}  // namespace fdbench
