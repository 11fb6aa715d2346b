#include "models/denoiser.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace fdbench {
namespace {

/// Its layers need nothing of the step.
class NoStepState : public StepState {
 public:
  std::unique_ptr<StepState> select(std::span<const std::size_t>, std::size_t,
                                    const CallOptions&) const override {
    return std::make_unique<NoStepState>();
  }
};

/// Adds 1, doubles, then multiplies both results: (x + 1) * 2 (x + 1).
class ThreeLayers : public Denoiser {
 public:
  ThreeLayers() {
    info_.layers = {{"a.0", "a", parts::kEncoder, {kSample}},
                    {"a.1", "a", parts::kEncoder, {0}, {"encoder_hidden_states"}},
                    {"b", "b", parts::kDecoder, {1, 0}}};
  }
  const ModelInfo& info() const override { return info_; }
  std::unique_ptr<StepState> begin(const at::Tensor&, const Conditioning&, const SampleShape&,
                                   const CallOptions&) const override {
    return std::make_unique<NoStepState>();
  }
  Value run(int layer, std::span<const LayerInput> inputs, const StepState&,
            std::unique_ptr<LayerMemo>*) const override {
    const at::Tensor& x = inputs[0].value.front();
    if (layer == 0) return x + 1;
    return layer == 1 ? x * 2 : x * inputs[1].value.front();
  }
  std::vector<LayerCost> costs(const SampleShape&, const CallOptions&) const override {
    return {{}, {}, {}};
  }

 private:
  ModelInfo info_;
};

TEST(Denoiser, ForwardRunsTheGraph) {
  const at::Tensor x = at::full({1, 1, 2, 2}, 3.0);
  EXPECT_TRUE(at::equal(forward(ThreeLayers(), x, at::tensor({1}), {}), at::full_like(x, 32)));
}

TEST(Denoiser, BlocksAreNamedInOrder) {
  EXPECT_EQ(block_names(ThreeLayers().layers()), (std::vector<std::string>{"a", "b"}));
}

TEST(Denoiser, WhatReadsConditioningAndWhatFollowsItIsNotUnconditioned) {
  EXPECT_EQ(unconditioned_layers(ThreeLayers().layers()), (std::vector<bool>{true, false, false}));
}

TEST(Conditioning, UndefinedTensorsAreLeftOut) {
  Conditioning made{{"a", at::ones({2, 3})}, {"b", at::Tensor()}};
  EXPECT_TRUE(made.has("a"));
  EXPECT_FALSE(made.has("b"));
  EXPECT_FALSE(made.get("b").defined());
  made.set("a", {});
  EXPECT_TRUE(made.empty());
}

TEST(Conditioning, HalvesAreJoinedInTheirOrder) {
  const Conditioning first{{"a", at::zeros({2, 3})}}, second{{"a", at::ones({2, 3})}};
  const Conditioning both = joined(first, second);
  EXPECT_TRUE(at::equal(both.get("a"), at::cat({at::zeros({2, 3}), at::ones({2, 3})})));
  EXPECT_TRUE(at::equal(both.entries(2, 2).get("a"), at::ones({2, 3})));
  EXPECT_THROW(joined(first, {{"b", at::ones({2, 3})}}), Error);
  EXPECT_THROW(joined({}, second), Error);
  EXPECT_THROW(joined(first, {{"a", at::ones({2, 4})}}), Error);
}

TEST(Value, StreamsKeepToThemselves) {
  const Value two{at::zeros({2, 3}), at::ones({2, 5})};
  EXPECT_EQ(two.size(), 2U);
  EXPECT_EQ(two.batch(), 2);
  EXPECT_EQ(two.nbytes(), 4 * (6 + 10));
  const Value more = cat_batch({two, repeat_batch(two.entries(0, 1), 3)});
  EXPECT_EQ(more[0].sizes(), (at::IntArrayRef{5, 3}));
  EXPECT_TRUE(at::equal(more[1], at::ones({5, 5})));
}

}  // namespace
}  // namespace fdbench
