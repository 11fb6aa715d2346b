#include "samplers/ddim.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"

namespace fdbench {
namespace {

using nlohmann::json;

NoiseSource no_noise() {
  return []() -> at::Tensor {
    ADD_FAILURE() << "a deterministic step drew noise";
    return {};
  };
}

json stable_diffusion() {
  return {{"beta_start", 0.00085},      {"beta_end", 0.012}, {"beta_schedule", "scaled_linear"},
          {"set_alpha_to_one", false},  {"steps_offset", 1}, {"clip_sample", false},
          {"num_train_timesteps", 1000}};
}

json with(json options, const json& more) {
  options.update(more);
  return options;
}

/// A picture and a noise, and what a perfect network would say of their mixture.
struct Mixture {
  at::Tensor picture = at::randn({2, 4, 8, 8}), noise = at::randn({2, 4, 8, 8});

  at::Tensor sample(float alpha) const {
    return std::sqrt(alpha) * picture + std::sqrt(1 - alpha) * noise;
  }
  at::Tensor answer(const std::string& prediction_type, float alpha) const {
    if (prediction_type == "epsilon") return noise;
    if (prediction_type == "sample") return picture;
    return std::sqrt(alpha) * noise - std::sqrt(1 - alpha) * picture;
  }
};

class DdimPrediction : public testing::TestWithParam<const char*> {};

TEST_P(DdimPrediction, PerfectAnswersKeepPictureAndNoise) {
  const DdimOptions options =
      read_ddim_options(with(stable_diffusion(), {{"prediction_type", GetParam()}}));
  DdimSampler sampler(options, 10);
  const std::vector<float> alphas = make_alphas_cumprod(options.noise);
  const Mixture mixture;
  for (const int step : {0, 4, 8}) {
    const float now = alphas[static_cast<int>(sampler.timesteps()[step])];
    const float next = alphas[static_cast<int>(sampler.timesteps()[step + 1])];
    const at::Tensor made =
        sampler.step(mixture.answer(GetParam(), now), step, mixture.sample(now), no_noise());
    EXPECT_TRUE(at::allclose(made, mixture.sample(next), 1e-4, 1e-4)) << "step " << step;
  }
}

INSTANTIATE_TEST_SUITE_P(Types, DdimPrediction,
                         testing::Values("epsilon", "v_prediction", "sample"));

TEST(DdimSampler, LastStepLeavesThePictureWithAlphaOne) {
  const Mixture mixture;
  const DdimOptions options = read_ddim_options(
      with(stable_diffusion(), {{"set_alpha_to_one", true}, {"prediction_type", "sample"}}));
  DdimSampler sampler(options, 5);
  EXPECT_TRUE(
      at::equal(sampler.step(mixture.picture, 4, mixture.noise, no_noise()), mixture.picture));
}

TEST(DdimSampler, ClipsThePredictedPicture) {
  const json options = with(stable_diffusion(), {{"set_alpha_to_one", true},
                                                 {"prediction_type", "sample"},
                                                 {"clip_sample", true},
                                                 {"clip_sample_range", 0.5}});
  DdimSampler sampler(read_ddim_options(options), 5);
  const Mixture mixture;
  const at::Tensor made = sampler.step(mixture.picture, 4, mixture.noise, no_noise());
  EXPECT_TRUE(at::equal(made, mixture.picture.clamp(-0.5, 0.5)));
}

TEST(DdimSampler, ThresholdsByQuantile) {
  const json options = with(stable_diffusion(), {{"set_alpha_to_one", true},
                                                 {"prediction_type", "sample"},
                                                 {"thresholding", true},
                                                 {"dynamic_thresholding_ratio", 0.5},
                                                 {"sample_max_value", 3.0}});
  DdimSampler sampler(read_ddim_options(options), 5);
  const at::Tensor picture = at::tensor({-4.0F, 2.0F, 2.0F, 1.0F}).view({1, 1, 2, 2});
  const at::Tensor made = sampler.step(picture, 4, picture, no_noise());
  EXPECT_TRUE(at::allclose(made.flatten(), at::tensor({-1.0F, 1.0F, 1.0F, 0.5F})));
}

TEST(DdimSampler, EtaTradesKeptNoiseForFreshNoise) {
  const Mixture mixture;
  const json config = stable_diffusion();
  DdimSampler plain(read_ddim_options(config), 10);
  DdimSampler stochastic(read_ddim_options(with(config, {{"eta", 1.0}})), 10);
  const at::Tensor fresh = at::randn({2, 4, 8, 8});
  const auto noise = [&] { return fresh; };
  const at::Tensor with_fresh = stochastic.step(mixture.noise, 3, mixture.picture, noise);
  const at::Tensor without =
      stochastic.step(mixture.noise, 3, mixture.picture, [&] { return at::zeros_like(fresh); });
  const std::vector<float> alphas = make_alphas_cumprod(read_ddim_options(config).noise);
  const double now = alphas[601], next = alphas[501];
  const double sigma = std::sqrt((1 - next) / (1 - now) * (1 - now / next));
  EXPECT_TRUE(at::allclose(with_fresh - without, sigma * fresh, 1e-4, 1e-5));
  const at::Tensor kept = plain.step(mixture.noise, 3, mixture.picture, no_noise()) - without;
  const double difference = std::sqrt(1 - next) - std::sqrt(1 - next - sigma * sigma);
  EXPECT_TRUE(at::allclose(kept, difference * mixture.noise, 1e-3, 1e-4));
}

TEST(DdimSampler, KeepsTheDtypeOfTheSample) {
  DdimSampler sampler(read_ddim_options(stable_diffusion()), 10);
  const at::Tensor half = at::randn({1, 4, 8, 8}).to(at::kHalf);
  EXPECT_EQ(sampler.step(half, 0, half, no_noise()).scalar_type(), at::kHalf);
}

TEST(DdimSampler, EpsilonCannotStartFromNothing) {
  const json options = with(stable_diffusion(),
                            {{"rescale_betas_zero_snr", true}, {"timestep_spacing", "trailing"}});
  EXPECT_THROW(DdimSampler(read_ddim_options(options), 10), Error);
  EXPECT_NO_THROW(
      DdimSampler(read_ddim_options(with(options, {{"prediction_type", "v_prediction"}})), 10));
}

TEST(DdimOptions, DefaultsAreDiffusers) {
  const DdimOptions options = read_ddim_options(json::object());
  EXPECT_TRUE(options.prediction.clip_sample);
  EXPECT_TRUE(options.set_alpha_to_one);
  EXPECT_EQ(options.prediction.prediction_type, "epsilon");
  EXPECT_EQ(options.noise.beta_schedule, "linear");
}

TEST(DdimOptions, RejectsWrongTypesAndValues) {
  for (const json& wrong :
       {json{{"beta_schedule", "cosine"}}, json{{"prediction_type", "eps"}},
        json{{"steps_offset", 1.5}}, json{{"clip_sample", "yes"}}, json{{"eta", -0.1}},
        json{{"trained_betas", {0.1, 0.2}}}, json{{"num_train_timesteps", 0}},
        json{{"timestep_spacing", "karras"}}, json{{"beta_start", "0.1"}}}) {
    EXPECT_THROW(read_ddim_options(wrong), Error) << wrong;
  }
}

}  // namespace
}  // namespace fdbench
