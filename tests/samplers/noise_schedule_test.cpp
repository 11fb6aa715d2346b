#include "samplers/noise_schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace fdbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

NoiseScheduleOptions stable_diffusion() {
  return {1000, 0.00085, 0.012, "scaled_linear", {}, false};
}

/// Near, because ATen's square roots and products differ between processors in the last bits, and
/// diffusers' with them (its own value was 0.24101864 on one make and 0.24101855 on another).
constexpr float kOtherProcessors = 1e-6F;  // relative

/// Values of diffusers 0.42.1's DDIMScheduler.alphas_cumprod.
void expect_alphas(const NoiseScheduleOptions& options, float first, float middle, float last) {
  const std::vector<float> alphas = make_alphas_cumprod(options);
  ASSERT_EQ(alphas.size(), 1000U);
  EXPECT_NEAR(alphas[0], first, kOtherProcessors * first);
  EXPECT_NEAR(alphas[500], middle, kOtherProcessors * middle);
  EXPECT_NEAR(alphas[998], last, kOtherProcessors * last);
}

TEST(NoiseSchedule, ScaledLinearEqualsDiffusers) {
  expect_alphas(stable_diffusion(), 0.9991499781608582F, 0.27633246779441833F,
                0.004716695751994848F);
}

TEST(NoiseSchedule, LinearEqualsDiffusers) {
  expect_alphas({}, 0.9998999834060669F, 0.07779665291309357F, 4.118194192415103e-05F);
}

TEST(NoiseSchedule, SquaredCosineEqualsDiffusers) {
  NoiseScheduleOptions options;
  options.beta_schedule = "squaredcos_cap_v2";
  expect_alphas(options, 0.9999586939811707F, 0.4922850430011749F, 2.428766265438753e-06F);
}

TEST(NoiseSchedule, SchedulesOfDdpmEqualDiffusers) {
  NoiseScheduleOptions options;
  options.beta_schedule = "sigmoid";
  expect_alphas(options, 0.9998508095741272F, 0.29888758063316345F, 4.048962364322506e-05F);
  options.beta_schedule = "laplace";
  expect_alphas(options, 0.9788462519645691F, 0.7072834372520447F, 0.20702660083770752F);
}

TEST(NoiseSchedule, ZeroTerminalSnrLeavesNothingOfThePicture) {
  NoiseScheduleOptions options = stable_diffusion();
  options.rescale_betas_zero_snr = true;
  expect_alphas(options, 0.9991499781608582F, 0.2410186380147934F, 1.9679633567193378e-07F);
  EXPECT_EQ(make_alphas_cumprod(options)[999], 0.0F);
}

TEST(NoiseSchedule, TrainedBetasAreUsedAsTheyAre) {
  NoiseScheduleOptions options;
  options.trained_betas = {0.5, 0.25};
  EXPECT_THAT(make_alphas_cumprod(options), ElementsAre(0.5F, 0.375F));
}

TEST(NoiseSchedule, UnknownScheduleIsAnError) {
  NoiseScheduleOptions options;
  options.beta_schedule = "linera";
  try {
    make_betas(options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'linear'?"));
  }
}

TEST(TimestepSpacing, LeadingCountsFromTheOffset) {
  EXPECT_THAT(spaced_timesteps("leading", 1000, 7, 1),
              ElementsAre(853, 711, 569, 427, 285, 143, 1));
}

TEST(TimestepSpacing, TrailingBeginsAtTheLast) {
  EXPECT_THAT(spaced_timesteps("trailing", 1000, 7, 1),
              ElementsAre(999, 856, 713, 570, 428, 285, 142));
}

TEST(TimestepSpacing, LinspaceCoversBothEnds) {
  EXPECT_THAT(spaced_timesteps("linspace", 1000, 7, 1),
              ElementsAre(999, 832, 666, 500, 333, 166, 0));
  EXPECT_THAT(spaced_timesteps("linspace", 1000, 1, 0), ElementsAre(0));
}

TEST(TimestepSpacing, EveryStepCountFits) {
  for (int num_steps = 1; num_steps <= 1000; ++num_steps) {
    for (const char* spacing : {"leading", "trailing", "linspace"}) {
      EXPECT_EQ(spaced_timesteps(spacing, 1000, num_steps, 0).size(),
                static_cast<std::size_t>(num_steps));
    }
  }
}

TEST(TimestepSpacing, RejectsWhatLeadsOutside) {
  EXPECT_THROW(spaced_timesteps("leading", 1000, 0, 0), Error);
  EXPECT_THROW(spaced_timesteps("leading", 1000, 1001, 0), Error);
  EXPECT_THROW(spaced_timesteps("leading", 1000, 1000, 1), Error);
  EXPECT_THROW(spaced_timesteps("leading", 1000, 10, -1), Error);
  EXPECT_THROW(spaced_timesteps("middle", 1000, 10, 0), Error);
}

}  // namespace
}  // namespace fdbench
