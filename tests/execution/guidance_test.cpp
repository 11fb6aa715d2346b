#include "execution/guidance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "execution/executor.h"
#include "execution/toy_denoiser.h"
#include "plan/strategies.h"

namespace fdbench {
namespace {

using testing::HasSubstr;

constexpr int kNumSteps = 6;
constexpr double kScale = 3;

/// Predicts a variance beside each mean: twice the channels (or thrice, which nobody reads).
class VarianceToy : public ToyDenoiser {
 public:
  explicit VarianceToy(std::int64_t times = 2) : times_(times) {
    info_.out_channels = times * kChannels;
  }

  Value run(int layer, std::span<const LayerInput> inputs, const StepState& state,
            std::unique_ptr<LayerMemo>* memo) const override {
    const Value output = ToyDenoiser::run(layer, inputs, state, memo);
    if (layer != kConvOut) return output;
    std::vector<at::Tensor> parts = {output.front()};
    for (std::int64_t i = 1; i < times_; ++i) parts.push_back((output.front() * (i + 1)).sin());
    return at::cat(parts, 1);
  }

 private:
  std::int64_t times_;
};

std::unique_ptr<Sampler> ddpm(const std::string& variance_type) {
  return make_sampler("ddpm", {{"clip_sample", false}}, {{"variance_type", variance_type}},
                      kNumSteps);
}

class LearnedVariance : public testing::Test {
 protected:
  LearnedVariance() { at::manual_seed(4); }

  NoiseSource noise() {
    auto draw = std::make_shared<int>(0);
    return [this, draw] { return noises_[(*draw)++]; };
  }

  at::Tensor run(const Denoiser& denoiser, Sampler& sampler, double scale, Execution execution) {
    ExecutorOptions options;
    options.guidance_scale = scale;
    const Plan plan = make_plan({"encoder", {true, false, false, true, false, false}, {}},
                                kNumSteps, denoiser.layers());
    return denoise(denoiser, sampler, compile(plan, denoiser.layers(), {.execution = execution}),
                   {conditional_, unconditional_, latents_, noise()}, options)
        .latents;
  }

  /// diffusers' IFPipeline around a full network, one half of the guidance at a time.
  at::Tensor pipeline(const Denoiser& denoiser, Sampler& sampler, bool keeps_variance) {
    const NoiseSource source = noise();
    at::Tensor latents = latents_;
    sampler.reset();
    for (int i = 0; i < kNumSteps; ++i) {
      const at::Tensor timestep = at::full({2}, sampler.timesteps()[i]);
      const auto u = forward(denoiser, latents, timestep, unconditional_).chunk(2, 1);
      const auto c = forward(denoiser, latents, timestep, conditional_).chunk(2, 1);
      const at::Tensor mean = u[0] + kScale * (c[0] - u[0]);
      latents = sampler.step(keeps_variance ? at::cat({mean, c[1]}, 1) : mean, i, latents, source);
    }
    return latents;
  }

  at::Tensor full(const Denoiser& denoiser, Sampler& sampler) {
    ExecutorOptions options;
    options.guidance_scale = kScale;
    const Plan plan = make_plan({"full", {}, {}}, kNumSteps, denoiser.layers());
    return denoise(denoiser, sampler, compile(plan, denoiser.layers(), {}),
                   {conditional_, unconditional_, latents_, noise()}, options)
        .latents;
  }

  std::string fault(const Denoiser& denoiser, Sampler& sampler) {
    try {
      full(denoiser, sampler);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      return error.what();
    }
    return "";
  }

  VarianceToy toy_;
  Conditioning conditional_{{"encoder_hidden_states", at::randn({2, 5, ToyDenoiser::kChannels})}};
  Conditioning unconditional_{{"encoder_hidden_states", at::randn({2, 5, ToyDenoiser::kChannels})}};
  at::Tensor latents_ = at::randn({2, ToyDenoiser::kChannels, 6, 6});
  at::Tensor noises_ = at::randn({2 * kNumSteps, 2, ToyDenoiser::kChannels, 6, 6});
};

// Halves one by one and together round differently: the executor tests' 1e-5.
TEST_F(LearnedVariance, IsThatOfTheConditionalHalf) {
  const auto sampler = ddpm("learned_range");
  EXPECT_TRUE(at::allclose(full(toy_, *sampler), pipeline(toy_, *sampler, true), 1e-5, 1e-5));
}

TEST_F(LearnedVariance, IsLeftOutWhereTheSamplerHasItsOwn) {
  for (const char* name : {"ddim", "dpm_solver++", "unipc"}) {
    const auto sampler = make_sampler(name, nlohmann::json::object(), {}, kNumSteps);
    EXPECT_TRUE(at::allclose(full(toy_, *sampler), pipeline(toy_, *sampler, false), 1e-5, 1e-5))
        << name;
  }
  const auto fixed = ddpm("fixed_small"), learned = ddpm("learned_range");
  EXPECT_TRUE(at::allclose(full(toy_, *fixed), pipeline(toy_, *fixed, false), 1e-5, 1e-5));
  EXPECT_FALSE(at::allclose(full(toy_, *fixed), full(toy_, *learned), 1e-3, 1e-3));
}

TEST_F(LearnedVariance, BothExecutionsAgree) {
  const auto sampler = ddpm("learned_range");
  for (const double scale : {1.0, kScale}) {
    const at::Tensor sequential = run(toy_, *sampler, scale, Execution::kSequential);
    const at::Tensor parallel = run(toy_, *sampler, scale, Execution::kParallel);
    EXPECT_TRUE(at::allclose(parallel, sequential, 1e-5, 1e-5)) << scale;
  }
}

TEST_F(LearnedVariance, NeedsAModelThatPredictsIt) {
  const ToyDenoiser plain;
  const VarianceToy much(3);
  EXPECT_THAT(fault(plain, *ddpm("learned")),
              HasSubstr("needs a model with 8 output channels, not 4"));
  EXPECT_THAT(fault(much, *ddpm("fixed_small")),
              HasSubstr("predicts 12 channels for latents of 4"));
  EXPECT_EQ(fault(plain, *ddpm("fixed_small")), "");
  EXPECT_TRUE(plain.batch_sizes.size() > 0 && much.batch_sizes.empty());  // told before any call
}

TEST(SamplerPrediction, GuidesTheMeansOnly) {
  // Rows: unconditional, conditional. Channels: a mean, a variance.
  const at::Tensor prediction = at::tensor({1.0F, 10.0F, 2.0F, 20.0F}).view({2, 2, 1, 1});
  const auto values = [&](double scale, std::int64_t channels, bool learns) {
    const at::Tensor made =
        sampler_prediction(prediction, {.scale = scale}, channels, learns).flatten().contiguous();
    return std::vector<float>(made.const_data_ptr<float>(),
                              made.const_data_ptr<float>() + made.numel());
  };
  EXPECT_THAT(values(3, 1, true), testing::ElementsAre(4, 20));
  EXPECT_THAT(values(3, 1, false), testing::ElementsAre(4));
  EXPECT_THAT(values(1, 1, true), testing::ElementsAre(1, 10, 2, 20));
  EXPECT_THAT(values(1, 1, false), testing::ElementsAre(1, 2));
  EXPECT_THAT(values(3, 2, false), testing::ElementsAre(4, 40));
}

TEST(SamplerPrediction, OfTheFirstChannelsLeavesTheOthersToTheConditionalHalf) {
  // [2, 8, 1, 1]: 4 means and 4 variances of the unconditional half, then of the conditional one.
  const at::Tensor prediction = at::arange(16, at::kFloat).view({2, 8, 1, 1});
  const at::Tensor got =
      sampler_prediction(prediction, {.scale = 3, .channels = 3}, 4, true).flatten();
  EXPECT_TRUE(at::equal(got, at::tensor({24.F, 25.F, 26.F, 11.F, 12.F, 13.F, 14.F, 15.F})));
  const at::Tensor all = sampler_prediction(prediction, {.scale = 3}, 4, false).flatten();
  EXPECT_TRUE(at::equal(all, at::tensor({24.F, 25.F, 26.F, 27.F})));
}

}  // namespace
}  // namespace fdbench
