// Combinations that solvers refuse, and what they make of other schedulers' values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/error.h"
#include "samplers/sampler.h"

namespace fdbench {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::string message_of(const std::string& name, const json& options, int num_steps = 10) {
  try {
    make_sampler(name, json::object(), options, num_steps);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    return error.what();
  }
  return "";
}

TEST(SolverOptions, OnlyOneSpreadOfSigmas) {
  const json both = {{"use_karras_sigmas", true}, {"use_beta_sigmas", true}};
  for (const char* name : {"dpm_solver++", "dpm_solver_singlestep", "euler", "unipc"}) {
    EXPECT_THAT(message_of(name, both), HasSubstr("only one of use_karras_sigmas")) << name;
  }
}

TEST(SolverOptions, OptionsAreFiniteNumbers) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(message_of("ddim", {{"eta", none}}), HasSubstr("'eta': must be a number, not NaN"));
  EXPECT_THAT(message_of("ddim", {{"num_train_timesteps", 1}, {"trained_betas", {none}}}, 1),
              HasSubstr("'trained_betas': must be null or a list of numbers"));
}

TEST(SolverOptions, AStretchNeedsTwoEnds) {
  const json options = {
      {"use_flow_sigmas", true}, {"prediction_type", "flow_prediction"}, {"shift_terminal", 0.1}};
  EXPECT_THAT(message_of("unipc", options, 1), HasSubstr("steps must be 2 or more"));
  EXPECT_EQ(message_of("unipc", options, 2), "");
}

TEST(SolverOptions, OrdersThatExist) {
  EXPECT_THAT(message_of("dpm_solver++", {{"solver_order", 4}}), HasSubstr("outside 1..3"));
  EXPECT_THAT(message_of("dpm_solver_singlestep", {{"solver_order", 4}}),
              HasSubstr("outside 1..3"));
  EXPECT_THAT(message_of("unipc", {{"solver_order", 5}}), HasSubstr("outside 1..4"));
  EXPECT_THAT(message_of("dpm_solver_sde", {{"solver_order", 3}}), HasSubstr("use 1 or 2"));
  EXPECT_EQ(message_of("dpm_solver++", {{"solver_order", 3}}, 2), "");
}

TEST(SolverOptions, NoisesCannotReachSigmaZero) {
  const json zero = {{"final_sigmas_type", "zero"}};
  EXPECT_THAT(message_of("dpm_solver", zero), HasSubstr("use 'sigma_min'"));
  EXPECT_THAT(message_of("unipc", {{"predict_x0", false}}), HasSubstr("use 'sigma_min'"));
  EXPECT_THAT(message_of("unipc", {{"lower_order_final", false}}), HasSubstr("use true"));
}

TEST(SolverOptions, FlowPredictionNeedsPictures) {
  const json flow = {{"prediction_type", "flow_prediction"}};
  EXPECT_THAT(message_of("dpm_solver", flow), HasSubstr("has no formula"));
  EXPECT_EQ(message_of("dpm_solver++", flow), "");
  EXPECT_THAT(message_of("ddim", flow), HasSubstr("'flow_prediction' is not known"));
  EXPECT_THAT(message_of("unipc", {{"shift_terminal", 0.1}}), HasSubstr("needs use_flow_sigmas"));
}

TEST(SolverOptions, ValuesOfRelatedSchedulersAreTakenAsDiffusersTakesThem) {
  EXPECT_EQ(message_of("dpm_solver++", {{"solver_type", "bh2"}}), "");
  EXPECT_EQ(message_of("dpm_solver++", {{"algorithm_type", "deis"}}), "");
  EXPECT_EQ(message_of("dpm_solver++", {{"variance_type", "fixed_small"}}), "");
  EXPECT_EQ(message_of("unipc", {{"solver_type", "midpoint"}}), "");
  EXPECT_THAT(message_of("unipc", {{"solver_type", "bh3"}}), HasSubstr("did you mean 'bh"));
}

TEST(SolverOptions, MinusInfinityAsDiffusersWritesIt) {
  const json number = -std::numeric_limits<double>::infinity();
  for (const json& none : {number, json("-Infinity"), json("-inf"), json("-.inf"), json()}) {
    EXPECT_EQ(message_of("dpm_solver++", {{"lambda_min_clipped", none}}), "") << none;
  }
  EXPECT_NE(message_of("dpm_solver++", {{"lambda_min_clipped", "small"}}), "");
  EXPECT_THAT(message_of("dpm_solver++", {{"lambda_min_clipped", -number.get<double>()}}),
              HasSubstr("must be a number, not Infinity"));
  EXPECT_THAT(message_of("dpm_solver++", {{"lambda_min_clipped", 100}}),
              HasSubstr("leaves no timestep"));
}

TEST(SolverOptions, LearnedVarianceNeedsItsChannels) {
  const auto sampler = make_sampler("ddpm", json::object(), {{"variance_type", "learned"}}, 10);
  const at::Tensor sample = at::zeros({1, 4, 2, 2});
  try {
    sampler->step(sample, 0, sample, [&] { return sample; });
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("needs a model with 8 output channels, not 4"));
  }
}

TEST(SolverOptions, FlowsNeedSigmasBelowOne) {
  const json spread = {{"use_flow_sigmas", true}, {"use_exponential_sigmas", true}};
  for (const char* name : {"dpm_solver++", "dpm_solver_singlestep", "unipc"}) {
    EXPECT_THAT(message_of(name, spread), HasSubstr("sigmas below 1")) << name;
    json within = spread;
    within["sigma_max"] = 0.99;
    EXPECT_EQ(message_of(name, within), "") << name;
  }
}

/// A last step without a way, and a first one from a sigma of 20000: no numbers in diffusers 0.42.
TEST(SolverOptions, StaysFiniteWhereDiffusersDoesNot) {
  const json last = {{"final_sigmas_type", "sigma_min"},
                     {"lower_order_final", false},
                     {"solver_order", 3},
                     {"use_karras_sigmas", true}};
  const json far = {{"beta_schedule", "squaredcos_cap_v2"}};
  for (const auto& [name, options] :
       {std::pair{"dpm_solver++", last}, std::pair{"unipc", last},
        std::pair{"euler_ancestral", far}, std::pair{"unipc", json{{"solver_type", "bh1"}}}}) {
    const auto sampler = make_sampler(name, json::object(), options, 4);
    at::Tensor sample = at::randn({1, 4, 2, 2}) * sampler->init_noise_sigma();
    for (int step = 0; step < 4; ++step) {
      const at::Tensor answer = sampler->scale_model_input(sample, step).tanh();
      sample = sampler->step(answer, step, sample, [&] { return at::randn_like(sample); });
    }
    EXPECT_TRUE(at::isfinite(sample).all().item<bool>()) << name << " " << options;
  }
}

/// diffusers 0.42 makes no number of fixed_large_log; GLIDE, where it comes from, means this.
TEST(SolverOptions, FixedLargeLogIsFixedLarge) {
  const at::Tensor sample = at::randn({1, 4, 2, 2}), noise = at::randn({1, 4, 2, 2});
  const auto next = [&](const char* variance_type) {
    return make_sampler("ddpm", json::object(), {{"variance_type", variance_type}}, 10)
        ->step(sample, 2, sample, [&] { return noise; });
  };
  EXPECT_TRUE(at::equal(next("fixed_large_log"), next("fixed_large")));
}

TEST(SolverOptions, StepCountsThatFitTheMethod) {
  EXPECT_THAT(message_of("pndm", json::object(), 3), HasSubstr("Runge-Kutta"));
  EXPECT_EQ(message_of("pndm", {{"skip_prk_steps", true}}, 3), "");
  EXPECT_THAT(message_of("lcm", json::object(), 51), HasSubstr("1..50"));
  EXPECT_THAT(message_of("lcm", {{"original_inference_steps", 2000}}), HasSubstr("1000"));
}

}  // namespace
}  // namespace fdbench
