#include "nn/transformer.h"

#include <gtest/gtest.h>

#include "nn/random_weights.h"

namespace fdbench {
namespace {

TransformerOptions options() {
  TransformerOptions options;
  options.channels = 12;
  options.heads = 3;
  options.num_layers = 2;
  options.cross_attention_dim = 7;
  options.norm_num_groups = 4;
  return options;
}

TEST(Transformer2DModel, LeavesItsInputsAlone) {
  RandomWeights weights;
  const Transformer2DModel transformer(WeightScope(weights, "a"), options());
  for (const auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
    const at::Tensor x = noise({2, 12, 4, 5}).contiguous(format), text = noise({2, 3, 7}, 1);
    const at::Tensor x_before = x.clone(), text_before = text.clone();
    const at::Tensor first = transformer(x, text);
    EXPECT_TRUE(at::equal(x, x_before) && at::equal(text, text_before));
    EXPECT_TRUE(at::equal(first, transformer(x, text)));
  }
}

TEST(Transformer2DModel, DoesNotCareForTheOrderOfPixels) {
  RandomWeights weights;
  const Transformer2DModel transformer(WeightScope(weights, "a"), options());
  const at::Tensor x = noise({1, 12, 4, 5}), text = noise({1, 3, 7}, 1);
  const at::Tensor flipped = transformer(x.flip({2, 3}), text).flip({2, 3});
  EXPECT_LT(difference(transformer(x, text), flipped), 1e-5);
}

TEST(Transformer2DModel, KeepsBatchEntriesApart) {
  RandomWeights weights;
  const Transformer2DModel transformer(WeightScope(weights, "a"), options());
  const at::Tensor x = noise({3, 12, 4, 5}), text = noise({3, 3, 7}, 1);
  const at::Tensor one = transformer(x.slice(0, 1, 2), text.slice(0, 1, 2));
  EXPECT_LT(difference(transformer(x, text).slice(0, 1, 2), one), 1e-5);
}

TEST(Transformer2DModel, InnerWidthIsWhatTheHeadsFill) {
  TransformerOptions uneven = options();
  uneven.heads = 5;
  EXPECT_EQ(uneven.inner_dim(), 10);
  RandomWeights weights;
  const Transformer2DModel transformer(WeightScope(weights, "a"), uneven);
  EXPECT_EQ(transformer.proj_in.weight.size(0), 10);
  EXPECT_EQ(transformer(noise({1, 12, 2, 2}), noise({1, 3, 7})).size(1), 12);
}

TEST(Transformer2DModel, CountsAllItsParts) {
  RandomWeights weights;
  const Transformer2DModel transformer(WeightScope(weights, "a"), options());
  const BasicTransformerBlock& block = transformer.transformer_blocks[0];
  const std::int64_t rows = 2 * 20;
  const std::int64_t one = block.attn1.multiply_adds(2, 20, 20) +
                           block.attn2.multiply_adds(2, 20, 3) + rows * (12 * 96 + 48 * 12);
  EXPECT_EQ(transformer.multiply_adds(2, 20, 3), 2 * one + 2 * rows * 12 * 12);
}

}  // namespace
}  // namespace fdbench
