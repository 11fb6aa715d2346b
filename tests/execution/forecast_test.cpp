#include "plan/forecast.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "execution/executor.h"
#include "execution/toy_denoiser.h"
#include "plan/program_cost.h"
#include "plan/strategies.h"

namespace fdbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int kSteps = 14;
constexpr double kTolerance = 1e-5;  // of values near 1, in float32

/// An encoder whose output is a polynomial of the step, whatever the latent; the decoder hands it
/// on.
class TrendDenoiser : public ToyDenoiser {
 public:
  explicit TrendDenoiser(int degree) : degree_(degree) {
    info_.layers = {{"conv_in", "conv_in", parts::kEncoder, {kSample}},
                    {"conv_out", "conv_out", parts::kDecoder, {0, {0, EdgeKind::kSkip}}}};
  }

  std::vector<LayerCost> costs(const SampleShape&, const CallOptions&) const override {
    return {{.all = 10}, {.all = 10, .skip = 4}};
  }
  std::unique_ptr<StepState> begin(const at::Tensor& timesteps, const Conditioning& conditioning,
                                   const SampleShape& shape,
                                   const CallOptions& options) const override {
    auto state = ToyDenoiser::begin(timesteps, conditioning, shape, options);
    static_cast<ToyStep&>(*state).emb = timesteps.unsqueeze(1) / 1000;
    return state;
  }
  Value run(int layer, std::span<const LayerInput> inputs, const StepState& state,
            std::unique_ptr<LayerMemo>*) const override {
    if (layer > 0) {
      const at::Tensor& x = inputs[0].value.front();
      return x + repeat_batch(inputs[1].value.front(), x.size(0));
    }
    const at::Tensor x = static_cast<const ToyStep&>(state).emb.view({-1, 1, 1, 1});
    const at::Tensor trend = 0.2 + 0.7 * x - (degree_ == 2 ? 1.3 : 0.0) * x * x;
    return trend.expand({x.size(0), kChannels, 6, 6}).contiguous();
  }

 private:
  int degree_;
};

KeySteps keys_at(const std::vector<int>& steps) {
  KeySteps keys(kSteps);
  for (const int step : steps) keys[step] = true;
  return keys;
}

Plan plan_of(const ToyDenoiser& toy, const KeySteps& keys, Reuse reuse) {
  StrategyOptions options{"encoder", keys, {}};
  options.reuse = reuse;
  return make_plan(options, kSteps, toy.layers());
}

at::Tensor latents_of(const ToyDenoiser& toy, const Plan& plan, Execution execution,
                      double guidance_scale = 1) {
  at::manual_seed(5);
  ToySampler sampler(kSteps);
  const Conditioning text{{"encoder_hidden_states", at::randn({2, 5, ToyDenoiser::kChannels})}};
  const Conditioning none{{"encoder_hidden_states", at::zeros({2, 5, ToyDenoiser::kChannels})}};
  ExecutorOptions options;
  options.guidance_scale = guidance_scale;
  return denoise(toy, sampler, compile(plan, toy.layers(), {.execution = execution}),
                 {text, none, at::randn({2, ToyDenoiser::kChannels, 6, 6}), {}}, options)
      .latents;
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

TEST(Forecast, WeightsAreExactForPolynomialsAtAnyDistances) {
  const std::vector<int> sources = {9, 5, 4};
  const auto at = [](double x) { return 3 - 2 * x + 0.5 * x * x; };
  for (const int step : {9, 10, 13}) {
    const std::vector<double> weights = forecast_weights(sources, step);
    double forecast = 0;
    for (std::size_t i = 0; i < sources.size(); ++i) forecast += weights[i] * at(sources[i]);
    EXPECT_NEAR(forecast, at(step), 1e-12);
  }
  EXPECT_THAT(forecast_weights(std::vector<int>{7}, 9), ElementsAre(1));
  EXPECT_THAT(forecast_weights(std::vector<int>{4, 2}, 6), ElementsAre(2, -1));
}

TEST(Forecast, NamesAreReadBack) {
  for (const std::string& name : reuse_names()) EXPECT_EQ(reuse_name(parse_reuse(name)), name);
  try {
    parse_reuse("linaer");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'linear'?"));
  }
}

TEST(Forecast, LinearIsExactOnLinearFeatures) {
  const TrendDenoiser toy(1);
  const KeySteps keys = keys_at({0, 1, 5, 6, 10});
  const KeySteps all(kSteps, true);
  for (const Execution execution : {Execution::kSequential, Execution::kParallel}) {
    const at::Tensor full = latents_of(toy, plan_of(toy, all, Reuse::kHold), execution);
    const auto miss = [&](Reuse reuse) {
      return difference(latents_of(toy, plan_of(toy, keys, reuse), execution), full);
    };
    EXPECT_LT(miss(Reuse::kLinear), kTolerance);
    EXPECT_LT(miss(Reuse::kTaylor2), kTolerance);  // linear while there are two sources only
    EXPECT_GT(miss(Reuse::kHold), 1e-2);
  }
}

TEST(Forecast, Taylor2IsExactOnQuadraticFeatures) {
  const TrendDenoiser toy(2);
  const KeySteps keys = keys_at({0, 1, 2, 6, 7, 11});
  const KeySteps all(kSteps, true);
  for (const Execution execution : {Execution::kSequential, Execution::kParallel}) {
    const at::Tensor full = latents_of(toy, plan_of(toy, all, Reuse::kHold), execution);
    const auto miss = [&](Reuse reuse) {
      return difference(latents_of(toy, plan_of(toy, keys, reuse), execution), full);
    };
    EXPECT_LT(miss(Reuse::kTaylor2), kTolerance);
    EXPECT_GT(miss(Reuse::kLinear), 1e-3);
  }
}

TEST(Forecast, BothExecutionsAgreeOnFeaturesOfAnyKind) {
  at::manual_seed(1);
  const ToyDenoiser toy;
  const KeySteps keys = keys_at({0, 3, 4, 8});
  for (const Reuse reuse : {Reuse::kLinear, Reuse::kTaylor2}) {
    for (const char* strategy : {"encoder", "decoder", "encoder_decoder"}) {
      StrategyOptions options{strategy, keys, {}};
      options.reuse = reuse;
      const Plan plan = make_plan(options, kSteps, toy.layers());
      const at::Tensor sequential = latents_of(toy, plan, Execution::kSequential, 3);
      const at::Tensor parallel = latents_of(toy, plan, Execution::kParallel, 3);
      EXPECT_LT(difference(sequential, parallel), 1e-4) << strategy;
      const at::Tensor held =
          latents_of(toy, plan_of(toy, keys, Reuse::kHold), Execution::kSequential, 3);
      EXPECT_GT(difference(sequential, held), 1e-3) << strategy;
    }
  }
}

TEST(Forecast, SourcesAreTheLastStepsThatRan) {
  const TrendDenoiser toy(1);
  const Schedule schedule(plan_of(toy, keys_at({0, 2, 5}), Reuse::kTaylor2), toy.layers());
  EXPECT_THAT(schedule.sources(5, 0), ElementsAre(5));
  EXPECT_THAT(schedule.sources(1, 0), ElementsAre(0));
  EXPECT_THAT(schedule.sources(4, 0), ElementsAre(2, 0));
  EXPECT_THAT(schedule.sources(9, 0), ElementsAre(5, 2, 0));
  EXPECT_EQ(schedule.held_source(1, 0), 0);
  EXPECT_EQ(schedule.held_source(4, 0), -1);
  EXPECT_EQ(schedule.held_source(5, 0), 5);
}

TEST(Forecast, ASkipThatIsForecastIsNotHoistedInTheCost) {
  const TrendDenoiser toy(1);
  const std::vector<LayerCost> costs = toy.costs({}, {});
  const KeySteps keys = keys_at({0, 7});
  const auto decoder_cost = [&](Reuse reuse) {
    const Program program = compile(plan_of(toy, keys, reuse), toy.layers(), {});
    return program_cost(program, toy.layers(), costs, false)[1];
  };
  // Held: two terms of 4 are computed. Linear: steps 0..6 hold, the seven from 7 on compute it.
  EXPECT_EQ(decoder_cost(Reuse::kHold), kSteps * 6 + 2 * 4);
  EXPECT_EQ(decoder_cost(Reuse::kLinear), kSteps * 6 + (1 + 7) * 4);
}

}  // namespace
}  // namespace fdbench
