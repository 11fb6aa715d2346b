#include "transformers/dit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <regex>

#include "nn/random_weights.h"
#include "transformers/tiny_dit.h"

namespace fdbench {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

std::unique_ptr<Denoiser> make(const json& options = json::object(),
                               std::optional<std::int64_t> split = {}) {
  RandomWeights weights;
  return make_dit(tiny_dit_config(options), weights, nullptr, "transformer/config.json", split);
}

/// Weights without numbers.
class MetaWeights : public RandomWeights {
 public:
  at::Tensor take(const std::string&, at::IntArrayRef shape) override {
    return at::empty(shape, at::TensorOptions().device(at::kMeta));
  }
};

/// DiT-XL/2 of a latent.
std::unique_ptr<Denoiser> make_full_size(std::int64_t side) {
  MetaWeights weights;
  const json config = {{"_class_name", "DiTTransformer2DModel"},
                       {"in_channels", 4},
                       {"out_channels", 8},
                       {"sample_size", side}};
  return make_dit(config, weights, nullptr, "c");
}

Conditioning labels(std::initializer_list<std::int64_t> classes) {
  return {{kClassLabels, at::tensor(std::vector<std::int64_t>(classes))}};
}

/// The weights of a file whose blocks have an embedder each, all with the numbers of the first.
class CopiedEmbedders : public RandomWeights {
 public:
  at::Tensor take(const std::string& name, at::IntArrayRef shape) override {
    static const std::regex block(R"(transformer_blocks\.\d+\.(norm1\.emb\..*))");
    return RandomWeights::take(std::regex_replace(name, block, "transformer_blocks.0.$1"), shape);
  }
  bool contains(const std::string&) const override { return true; }
};

TEST(DiT, IsAChainOfPatchesBlocksAndHead) {
  const auto dit = make();
  std::vector<std::string> names, parts;
  for (std::size_t i = 0; i < dit->layers().size(); ++i) {
    const LayerInfo& layer = dit->layers()[i];
    names.push_back(layer.name);
    parts.push_back(layer.part);
    EXPECT_EQ(layer.block, layer.name);
    ASSERT_EQ(layer.inputs.size(), 1u);
    EXPECT_EQ(layer.inputs[0], Edge(i == 0 ? kSample : static_cast<int>(i) - 1));
    EXPECT_EQ(layer.reads.empty(), i == 0);
  }
  EXPECT_THAT(names, ElementsAre("pos_embed", "transformer_blocks.0", "transformer_blocks.1",
                                 "transformer_blocks.2", "transformer_blocks.3", "head"));
  EXPECT_THAT(parts, ElementsAre("encoder", "encoder", "encoder", "encoder", "decoder", "decoder"));
  EXPECT_EQ(dit->info().in_channels, 4);
  EXPECT_EQ(dit->info().out_channels, 8);
}

TEST(DiT, TheEncoderIsTheFirst18Of28Blocks) {
  const std::vector<std::pair<std::int64_t, std::int64_t>> splits = {{28, 18}, {1, 1},  {2, 1},
                                                                     {3, 2},   {12, 8}, {24, 15}};
  for (const auto& [blocks, split] : splits) EXPECT_EQ(usual_split(blocks), split) << blocks;
  const auto dit = make(json::object(), 1);
  EXPECT_EQ(dit->layers()[1].part, parts::kEncoder);
  EXPECT_EQ(dit->layers()[2].part, parts::kDecoder);
  EXPECT_EQ(make(json::object(), kBlocks)->layers()[kBlocks].part, parts::kEncoder);
  for (const std::int64_t split : {std::int64_t{0}, kBlocks + 1}) {
    EXPECT_THAT(message_of([&] { make(json::object(), split); }),
                HasSubstr("there are blocks 1 to 4"));
  }
}

TEST(DiT, CostsAreThePublishedOnes) {
  const std::vector<std::pair<std::int64_t, double>> published = {{32, 118.67}, {64, 524.58}};
  for (const auto& [side, giga] : published) {
    const auto dit = make_full_size(side);
    EXPECT_EQ(dit->layers().size(), 30u);
    const auto counts = multiply_adds(*dit, {1, {side, side}});
    const auto sum = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
    EXPECT_DOUBLE_EQ(std::round(static_cast<double>(sum) / 1e7) / 100, giga);
    EXPECT_EQ(counts[1], counts[28]);
    const auto twice = multiply_adds(*dit, {2, {side, side}});
    for (std::size_t i = 0; i < counts.size(); ++i) EXPECT_EQ(twice[i], 2 * counts[i]);
    const auto costs = dit->costs({1, {side, side}}, {});
    EXPECT_EQ(costs[0].unconditioned, costs[0].all);
    EXPECT_EQ(costs[1].unconditioned, 0);
    EXPECT_EQ(costs[0].output_size, side * side / 4 * 1152);
    EXPECT_EQ(costs[29].output_size, 8 * side * side);
  }
  // The original's 675.13 M count its table of positions (0.29 M), too.
  EXPECT_EQ(make_full_size(32)->info().num_parameters(), 674'834'720);
}

TEST(DiT, LayersArePureAndMakeTheForwardPass) {
  const auto dit = make();
  const at::Tensor sample = noise({2, 4, 8, 8}), timesteps = at::tensor({7, 900});
  const auto state = dit->begin(timesteps, labels({1, 5}), shape_of(sample), CallOptions());
  Value value = sample;
  for (std::size_t i = 0; i < dit->layers().size(); ++i) {
    const at::Tensor before = value.front().clone();
    const std::vector<LayerInput> inputs = {{value}};
    const Value output = dit->run(static_cast<int>(i), inputs, *state, nullptr);
    const Value again = dit->run(static_cast<int>(i), inputs, *state, nullptr);
    EXPECT_TRUE(at::equal(output.front(), again.front())) << dit->layers()[i].name;
    EXPECT_TRUE(at::equal(before, value.front())) << dit->layers()[i].name;
    value = output;
  }
  EXPECT_EQ(value.front().sizes(), (std::vector<std::int64_t>{2, 8, 8, 8}));
  EXPECT_TRUE(at::equal(value.front(), forward(*dit, sample, timesteps, labels({1, 5}))));
}

TEST(DiT, TimeAndClassOfEachEntryCount) {
  const auto dit = make();
  const at::Tensor sample = noise({1, 4, 8, 8});
  const at::Tensor one = forward(*dit, sample, at::tensor({7}), labels({1}));
  EXPECT_GT(difference(one, forward(*dit, sample, at::tensor({8}), labels({1}))), 1e-4);
  EXPECT_GT(difference(one, forward(*dit, sample, at::tensor({7}), labels({2}))), 1e-4);
  const at::Tensor samples = at::cat({noise({1, 4, 8, 8}, 9), sample}, 0);
  const at::Tensor both = forward(*dit, samples, at::tensor({500, 7}), labels({5, 1}));
  EXPECT_LT(difference(both.slice(0, 1), one), 1e-5);
}

TEST(DiT, ASmallerBatchStandsForItsRepetition) {
  const auto dit = make();
  const at::Tensor sample = noise({2, 4, 8, 8}), all = sample.repeat({2, 1, 1, 1});
  const Conditioning classes = labels({0, 1, 5, 5});
  const at::Tensor times = at::tensor({300});
  EXPECT_LT(difference(forward(*dit, sample, times, classes), forward(*dit, all, times, classes)),
            1e-6);
}

TEST(DiT, AStateOfSomeStepsHasTheirEmbeddings) {
  const auto dit = make();
  const at::Tensor tokens = noise({2, 16, kWidth});
  const auto group = dit->begin(at::tensor({900, 900, 500, 500, 20, 20}), labels({1, 5}),
                                {2, {8, 8}}, CallOptions());
  const std::vector<std::size_t> last = {2}, two = {0, 2};
  const auto one = group->select(last, 3, CallOptions());
  const auto own = dit->begin(at::tensor({20}), labels({1, 5}), {2, {8, 8}}, CallOptions());
  const auto run = [&](const StepState& state) {
    return dit->run(1, std::vector<LayerInput>{{tokens}}, state, nullptr).front();
  };
  EXPECT_LT(difference(run(*one), run(*own)), 1e-6);
  EXPECT_LT(difference(run(*group->select(two, 3, CallOptions())).slice(0, 2), run(*own)), 1e-6);
}

TEST(DiT, EqualEmbeddersAreKeptOnceAndOthersAreUsed) {
  const std::int64_t parameters =
      256 * kWidth + kWidth + kWidth * kWidth + kWidth + (kClasses + 1) * kWidth;
  const auto alone = make();
  EXPECT_EQ(alone->info().step_parameters, parameters);
  CopiedEmbedders equal;
  const auto copied = make_dit(tiny_dit_config(), equal, nullptr, "c");
  EXPECT_EQ(copied->info().step_parameters, parameters);
  EXPECT_TRUE(equal.finished);
  RandomWeights other;
  other.names = {"transformer_blocks.2.norm1.emb.timestep_embedder.linear_1.weight"};
  const auto different = make_dit(tiny_dit_config(), other, nullptr, "c");
  EXPECT_EQ(different->info().step_parameters, 2 * parameters);
  EXPECT_EQ(different->info().layer_parameters, alone->info().layer_parameters);
  const auto call = [](const Denoiser& dit) {
    return forward(dit, noise({1, 4, 8, 8}), at::tensor({7}), labels({1}));
  };
  EXPECT_TRUE(at::equal(call(*alone), call(*copied)));
  EXPECT_GT(difference(call(*alone), call(*different)), 1e-4);
}

TEST(DiT, LayersReadLaterAreTheSame) {
  MetaWeights outline;
  const auto later = make_dit(tiny_dit_config(), outline, std::make_unique<RandomWeights>(), "c");
  EXPECT_EQ(later->info().device, at::Device(at::kCPU));
  const auto call = [](const Denoiser& dit) {
    return forward(dit, noise({1, 4, 8, 8}), at::tensor({7}), labels({1}));
  };
  EXPECT_TRUE(at::equal(call(*later), call(*make())));
}

TEST(DiT, TakesSquaresOfWholePatches) {
  const auto dit = make();
  EXPECT_EQ(forward(*dit, noise({1, 4, 12, 12}), at::tensor({7}), labels({1})).sizes(),
            (std::vector<std::int64_t>{1, 8, 12, 12}));
  for (const auto& [height, width] : {std::pair{8, 16}, std::pair{7, 7}}) {
    const auto message = message_of([&] {
      forward(*dit, noise({1, 4, height, width}), at::tensor({7}), labels({1}));
    });
    EXPECT_THAT(message, HasSubstr("works on squares whose sides are multiples of 2"));
  }
}

TEST(DiT, WhatDoesNotFitIsNamed) {
  const auto dit = make();
  const auto fault = [&](const Conditioning& conditioning, const CallOptions& options = {}) {
    return message_of([&] { dit->begin(at::tensor({7}), conditioning, {1, {8, 8}}, options); });
  };
  EXPECT_EQ(fault(labels({kClasses})), "no error");
  EXPECT_THAT(fault(labels({6})),
              HasSubstr("class_labels holds 6; this transformer knows classes 0 to 4, and 5 for "
                        "none"));
  EXPECT_THAT(fault(labels({0, -1})), HasSubstr("class_labels holds -1"));
  EXPECT_THAT(fault({}), HasSubstr("class_labels is missing: this transformer needs [batch]"));
  EXPECT_THAT(fault({{kClassLabels, at::zeros({1})}}), HasSubstr("must hold whole numbers"));
  EXPECT_THAT(fault({{kClassLabels, at::zeros({1, 1}, at::kLong)}}), HasSubstr("has shape [1, 1]"));
  Conditioning more = labels({1});
  more.set("encoder_hidden_states", at::zeros({1, 2, 3}));
  EXPECT_THAT(fault(more), HasSubstr("encoder_hidden_states is given"));
  CallOptions merging;
  merging.tome.options.ratio = 0.5;
  EXPECT_THAT(fault(labels({1}), merging), HasSubstr("token merging is for UNets"));
}

}  // namespace
}  // namespace fdbench
