// What holds for every sampler.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"
#include "samplers/sampler.h"

namespace fdbench {
namespace {

using nlohmann::json;

json stable_diffusion() {
  return {{"beta_start", 0.00085}, {"beta_end", 0.012},    {"beta_schedule", "scaled_linear"},
          {"steps_offset", 1},     {"clip_sample", false}, {"skip_prk_steps", true}};
}

at::Tensor smooth_answer(const at::Tensor& sample, double timestep) {
  return (0.7 * sample + timestep / 1000).tanh();
}

/// The final sample of a run, with the same noises each time.
at::Tensor run(Sampler& sampler, at::Tensor sample) {
  std::int64_t draws = 0;
  const at::Tensor noises = at::linspace(-1, 1, 100 * sample.numel(), at::kFloat);
  const NoiseSource noise = [&] {
    return noises.narrow(0, sample.numel() * draws++, sample.numel()).view(sample.sizes());
  };
  sampler.reset();
  for (int step = 0; step < static_cast<int>(sampler.timesteps().size()); ++step) {
    const at::Tensor input = sampler.scale_model_input(sample, step);
    sample = sampler.step(smooth_answer(input, sampler.timesteps()[step]), step, sample, noise);
  }
  return sample;
}

class AllSamplers : public testing::TestWithParam<std::string> {};

TEST_P(AllSamplers, ResetForgetsTheLastPicture) {
  const auto sampler = make_sampler(GetParam(), stable_diffusion(), {}, 12);
  const at::Tensor first = at::randn({1, 4, 4, 4}) * sampler->init_noise_sigma();
  const at::Tensor second = at::randn({2, 4, 4, 4}) * sampler->init_noise_sigma();
  const at::Tensor alone = run(*sampler, first);
  run(*sampler, second);
  EXPECT_TRUE(at::equal(run(*sampler, first), alone));
}

TEST_P(AllSamplers, KeepsTheDtypeOfTheSample) {
  const auto sampler = make_sampler(GetParam(), stable_diffusion(), {}, 5);
  const at::Tensor sample = at::randn({1, 4, 4, 4}) * sampler->init_noise_sigma();
  const at::Tensor full = run(*sampler, sample), half = run(*sampler, sample.to(at::kBFloat16));
  EXPECT_EQ(half.scalar_type(), at::kBFloat16);
  // bfloat16 has 8 bits; the first step divides what they rounded by a signal of 0.07.
  EXPECT_LT((half.to(at::kFloat) - full).abs().max().item<double>(),
            0.25 * sample.abs().max().item<double>());
}

TEST_P(AllSamplers, OneStepIsEnough) {
  const auto sampler = make_sampler(GetParam(), stable_diffusion(), {}, 1);
  EXPECT_EQ(sampler->timesteps().size(), 1U);
  EXPECT_TRUE(at::isfinite(run(*sampler, at::randn({1, 4, 4, 4}))).all().item<bool>());
}

TEST_P(AllSamplers, TimestepsGoDownAndFitTheModel) {
  for (const int num_steps : {3, 17, 50}) {
    const std::vector<double> timesteps =
        make_sampler(GetParam(), stable_diffusion(), {}, num_steps)->timesteps();
    EXPECT_TRUE(std::is_sorted(timesteps.rbegin(), timesteps.rend()));
    EXPECT_GE(timesteps.back(), 0);
    EXPECT_LT(timesteps.front(), 1000);
    const bool repeats = GetParam() == "pndm";  // its second network call
    EXPECT_EQ(timesteps.size(), static_cast<std::size_t>(num_steps + (repeats ? 1 : 0)));
  }
}

TEST_P(AllSamplers, RefuseWhatTheyDoNotKnow) {
  for (const json& wrong : {json{{"beta_schedule", "cosine"}}, json{{"prediction_type", "eps"}},
                            json{{"beta_start", "0.1"}}, json{{"trained_betas", {0.1, 0.2}}},
                            json{{"no_such_option", 1}}, json{{"num_train_timesteps", 0}}}) {
    EXPECT_THROW(make_sampler(GetParam(), stable_diffusion(), wrong, 10), Error) << wrong;
  }
}

INSTANTIATE_TEST_SUITE_P(Names, AllSamplers, testing::ValuesIn(sampler_names()),
                         [](const auto& name) {
                           std::string text = name.param;
                           if (const auto plus = text.find("++"); plus != std::string::npos) {
                             text.replace(plus, 2, "_plus");
                           }
                           return text;
                         });

/// Samplers whose last step leaves nothing of the noise: there a network that always answers with
/// the picture gets it, whatever the way was.
class ExactSamplers : public testing::TestWithParam<const char*> {};

TEST_P(ExactSamplers, EndAtThePictureThatTheNetworkKnows) {
  const auto sampler =
      make_sampler(GetParam(), stable_diffusion(), {{"prediction_type", "sample"}}, 12);
  const at::Tensor picture = at::randn({1, 4, 4, 4});
  at::Tensor sample = at::randn({1, 4, 4, 4}) * sampler->init_noise_sigma();
  for (int step = 0; step < 12; ++step) {
    sample = sampler->step(picture, step, sample, [&] { return at::randn_like(picture); });
  }
  EXPECT_TRUE(at::allclose(sample, picture, 1e-4, 1e-4));
}

INSTANTIATE_TEST_SUITE_P(Names, ExactSamplers,
                         testing::Values("ddim", "dpm_solver++", "dpm_solver++_sde",
                                         "dpm_solver_singlestep", "euler", "unipc", "lcm"));

}  // namespace
}  // namespace fdbench
