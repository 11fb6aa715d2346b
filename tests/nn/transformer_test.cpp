#include "nn/transformer.h"

#include <gtest/gtest.h>

#include "kernels/channels_last.h"
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

/// Everything is merged in a map of 4x5 tokens.
MergedMap merge_all(std::vector<std::uint64_t> seeds) {
  TokenMerging merging;
  merging.ratio = 0.4;
  merging.use_rand = !seeds.empty();
  merging.merge_crossattn = merging.merge_mlp = true;
  return {*merge_grid(merging, 20, 4, 5), std::move(seeds)};
}

// Halves of a guidance batch that are the same up to the text are computed once.
TEST(Transformer2DModel, MergesTheSameInASharedPrefix) {
  RandomWeights weights;
  const Transformer2DModel transformer(WeightScope(weights, "a"), options());
  const at::Tensor x = noise({2, 12, 4, 5});
  const auto text = transformer.text_terms(noise({4, 3, 7}, 1));
  for (const std::vector<std::uint64_t>& seeds : {std::vector<std::uint64_t>{}, {5, 6}}) {
    for (const bool crossattn : {false, true}) {
      for (const bool mlp : {false, true}) {
        MergedMap merged = merge_all(seeds);
        merged.grid.options.merge_crossattn = crossattn;
        merged.grid.options.merge_mlp = mlp;
        const at::Tensor shared = transformer(x, text, merged);
        const at::Tensor plain = transformer(at::cat({x, x}), text, merged);
        EXPECT_LT(difference(shared, plain), 1e-5);
        EXPECT_GT(difference(shared, transformer(x, text)), 1e-4) << "merging makes a difference";
      }
    }
  }
}

TEST(Transformer2DModel, EachBlockChoosesAnew) {
  RandomWeights weights;
  const Transformer2DModel transformer(WeightScope(weights, "a"), options());
  const at::Tensor x = noise({1, 12, 4, 5}).contiguous(at::MemoryFormat::ChannelsLast);
  const auto text = transformer.text_terms(noise({1, 3, 7}, 1));
  const MergedMap merged = merge_all({5});
  const auto by_hand = [&](std::uint64_t second_number) {
    const auto block = [&](int i, std::uint64_t number, const at::Tensor& h) {
      return transformer.transformer_blocks[i](h, text[i],
                                               {merged.grid, mixed_seeds(merged.seeds, number)});
    };
    const at::Tensor tokens = transformer.proj_in(as_tokens(transformer.norm(x)));
    const at::Tensor last = transformer.proj_out(block(1, second_number, block(0, 0, tokens)));
    return as_feature_map(last, 4, 5) + x;
  };
  EXPECT_LT(difference(transformer(x, text, merged), by_hand(1)), 1e-5);
  EXPECT_GT(difference(transformer(x, text, merged), by_hand(0)), 1e-4) << "one choice for both";
}

TEST(Transformer2DModel, CountsMergedTokens) {
  RandomWeights weights;
  const Transformer2DModel transformer(WeightScope(weights, "a"), options());
  const BasicTransformerBlock& block = transformer.transformer_blocks[0];
  MergedMap merged = merge_all({});
  ASSERT_EQ(merged.grid.left(), 12);
  const std::int64_t scores = 2 * (20 - 4) * 4 * 12;
  const auto feed_forward = [](std::int64_t tokens) { return 2 * tokens * (12 * 96 + 48 * 12); };
  EXPECT_EQ(block.multiply_adds(2, BlockTokens(merged.grid), 3),
            scores + block.attn1.multiply_adds(2, 12, 12) + block.attn2.multiply_adds(2, 12, 3) +
                feed_forward(12));
  merged.grid.options.merge_attn = merged.grid.options.merge_mlp = false;
  EXPECT_EQ(block.multiply_adds(2, BlockTokens(merged.grid), 3),
            scores + block.attn1.multiply_adds(2, 20, 20) + block.attn2.multiply_adds(2, 12, 3) +
                feed_forward(20));
  EXPECT_EQ(block.multiply_adds_before_text(2, BlockTokens(merged.grid)),
            scores + block.attn1.multiply_adds(2, 20, 20) + 2 * 12 * 12 * 12);
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
