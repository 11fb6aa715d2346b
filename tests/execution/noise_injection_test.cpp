#include "execution/noise_injection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/error.h"
#include "execution/executor.h"
#include "execution/toy_denoiser.h"
#include "plan/strategies.h"

namespace fdbench {
namespace {

using testing::HasSubstr;
using Placement = InjectionPlacement;

constexpr int kNumSteps = 8, kTau = 5;
constexpr double kAlpha = 0.05;  // large enough that a step too many or too few shows
const std::vector<Placement> kPlacements = {Placement::kBeforeUNet, Placement::kBeforeStep};
const std::vector<std::string> kSamplers = {
    "ddim", "ddpm",  "dpm_solver++",    "dpm_solver_singlestep",
    "pndm", "euler", "euler_ancestral", "unipc"};

NoiseInjection injection_of(Placement placement, int tau = kTau, double alpha = kAlpha) {
  NoiseInjection injection;
  injection.alpha = alpha;
  injection.tau = tau;
  injection.placement = placement;
  return injection;
}

class Injection : public testing::Test {
 protected:
  Injection() { at::manual_seed(3); }

  static std::unique_ptr<Sampler> sampler_named(const std::string& name) {
    const nlohmann::json own = {{"skip_prk_steps", true}};
    return make_sampler(name, {{"beta_schedule", "scaled_linear"}},
                        name == "pndm" ? own : nlohmann::json::object(), kNumSteps);
  }

  /// The same noises at each call.
  NoiseSource noise() {
    auto draw = std::make_shared<int>(0);
    return [this, draw] { return noises_[(*draw)++]; };
  }

  at::Tensor start(const Sampler& sampler) const { return unit_ * sampler.init_noise_sigma(); }

  Plan plan_of(const std::string& strategy, const Sampler& sampler) const {
    const int calls = static_cast<int>(sampler.timesteps().size());
    KeySteps keys;
    for (int step = 0; step < calls; ++step) keys.push_back(step == 0 || step == 5);
    return make_plan({strategy, strategy == "full" ? KeySteps{} : keys, {}}, calls, toy_.layers());
  }

  at::Tensor run(Sampler& sampler, const std::string& strategy, const NoiseInjection& injection,
                 Execution execution = Execution::kSequential) {
    ExecutorOptions options;
    options.noise_injection = injection;
    const Program program =
        compile(plan_of(strategy, sampler), toy_.layers(), {.execution = execution});
    return denoise(toy_, sampler, program, {conditional_, {}, start(sampler), noise()}, options)
        .latents;
  }

  /// The formula of the paper written out. Steps are counted from the last one, which is 1.
  at::Tensor by_definition(Sampler& sampler, Placement placement) {
    const at::Tensor z_T = start(sampler);
    const NoiseSource source = noise();
    const int calls = static_cast<int>(sampler.timesteps().size());
    at::Tensor z = z_T;
    sampler.reset();
    for (int i = 0; i < calls; ++i) {
      const bool injects = calls - i < kTau;
      if (injects && placement == Placement::kBeforeUNet) z = z + kAlpha * z_T;
      const at::Tensor timestep = at::full({2}, sampler.timesteps()[i]);
      const at::Tensor seen =
          forward(toy_, sampler.scale_model_input(z, i), timestep, conditional_);
      if (injects && placement == Placement::kBeforeStep) z = z + kAlpha * z_T;
      z = sampler.step(seen, i, z, source);
    }
    return z;
  }

  ToyDenoiser toy_;
  Conditioning conditional_{{"encoder_hidden_states", at::randn({2, 5, ToyDenoiser::kChannels})}};
  at::Tensor unit_ = at::randn({2, ToyDenoiser::kChannels, 6, 6});
  at::Tensor noises_ = at::randn({2 * kNumSteps, 2, ToyDenoiser::kChannels, 6, 6});
};

TEST_F(Injection, IsTheFormulaWithEverySampler) {
  for (const std::string& name : kSamplers) {
    const auto sampler = sampler_named(name);
    const at::Tensor plain = run(*sampler, "full", {});
    for (const Placement placement : kPlacements) {
      const at::Tensor made = run(*sampler, "full", injection_of(placement));
      EXPECT_TRUE(at::equal(made, by_definition(*sampler, placement))) << name;
      EXPECT_FALSE(at::allclose(made, plain, 1e-3, 1e-3)) << name;
    }
  }
}

// Both executions hand the same numbers on; their batches of one and of several steps round
// differently, hence the executor tests' 1e-5.
TEST_F(Injection, IsTheSameInBothExecutions) {
  for (const std::string& name : kSamplers) {
    const auto sampler = sampler_named(name);
    for (const std::string strategy : {"encoder", "decoder", "encoder_decoder", "drop"}) {
      const at::Tensor plain = run(*sampler, strategy, {});
      for (const Placement placement : kPlacements) {
        const NoiseInjection injection = injection_of(placement);
        const at::Tensor sequential = run(*sampler, strategy, injection);
        const at::Tensor parallel = run(*sampler, strategy, injection, Execution::kParallel);
        EXPECT_TRUE(at::allclose(parallel, sequential, 1e-5, 1e-5)) << name << " " << strategy;
        EXPECT_FALSE(at::equal(sequential, plain)) << name << " " << strategy;
      }
    }
  }
}

TEST_F(Injection, PlacementsDifferInWhatAKeyStepSees) {
  ToySampler sampler(kNumSteps);
  const NoiseInjection seen = injection_of(Placement::kBeforeUNet);
  const NoiseInjection unseen = injection_of(Placement::kBeforeStep);
  EXPECT_FALSE(at::allclose(run(sampler, "full", seen), run(sampler, "full", unseen), 1e-4, 1e-4));
  // Of the steps below tau = 3 none is a key step (those are 8 and 3): no network sees their
  // latent.
  const at::Tensor made = run(sampler, "encoder", injection_of(Placement::kBeforeUNet, 3));
  EXPECT_TRUE(at::equal(made, run(sampler, "encoder", injection_of(Placement::kBeforeStep, 3))));
}

TEST_F(Injection, IsOffWithAlphaZeroAndWithoutSteps) {
  for (const std::string& name : kSamplers) {
    const auto sampler = sampler_named(name);
    for (const Placement placement : kPlacements) {
      for (const Execution execution : {Execution::kSequential, Execution::kParallel}) {
        const at::Tensor off = run(*sampler, "encoder", {}, execution);
        const NoiseInjection zero = injection_of(placement, kTau, 0);
        EXPECT_TRUE(at::equal(run(*sampler, "encoder", zero, execution), off)) << name;
        const NoiseInjection nowhere = injection_of(placement, 1);
        EXPECT_TRUE(at::equal(run(*sampler, "encoder", nowhere, execution), off)) << name;
      }
    }
  }
}

TEST_F(Injection, AddsOnceAStepBelowTau) {
  ToySampler sampler(kNumSteps);
  const at::Tensor zero = at::zeros_like(unit_), one = at::ones_like(unit_);
  for (const Placement placement : kPlacements) {
    const NoiseInjector injector(injection_of(placement, 3, 0.5), one, kNumSteps);
    for (int step = 0; step < kNumSteps; ++step) {
      const double expected = step >= 6 ? 0.5 : 0;  // steps 2 and 1
      const at::Tensor seen = injector.before_unet(zero, step);
      const bool network = placement == Placement::kBeforeUNet;
      EXPECT_EQ(seen.max().item<double>(), network ? expected : 0) << step;
      EXPECT_EQ(injector.before_step(seen, step, true).max().item<double>(), expected) << step;
      EXPECT_EQ(injector.before_step(zero, step, false).max().item<double>(), expected) << step;
    }
  }
}

TEST(NoiseInjection, IsResolvedForTheStepsOfARun) {
  EXPECT_EQ(resolved(injection_of(Placement::kBeforeStep, 0), 50).tau, 25);
  EXPECT_EQ(resolved(injection_of(Placement::kBeforeStep, 0), 20).tau, 10);
  EXPECT_EQ(resolved(injection_of(Placement::kBeforeStep, 21), 20).tau, 21);
  EXPECT_FALSE(resolved(injection_of(Placement::kBeforeUNet, 3, 0), 20).enabled());
  EXPECT_EQ(describe({}), "off");
  EXPECT_EQ(describe(injection_of(Placement::kBeforeUNet, 25, kPaperInjectionAlpha)),
            "0.003 before_unet at steps below 25");
}

TEST(NoiseInjection, WrongNumbersAreNamed) {
  const auto message = [](int tau, double alpha) -> std::string {
    try {
      resolved(injection_of(Placement::kBeforeStep, tau, alpha), 20);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(message(22, 0.1), HasSubstr("tau 22 is outside 1..21"));
  EXPECT_THAT(message(-1, 0.1), HasSubstr("tau -1 is outside 1..21"));
  EXPECT_THAT(message(5, -0.1), HasSubstr("alpha -0.1"));
  EXPECT_NE(message(5, std::numeric_limits<double>::infinity()), "");
  EXPECT_NE(message(5, std::numeric_limits<double>::quiet_NaN()), "");
}

TEST(NoiseInjection, PlacementsAreReadBack) {
  for (const std::string& name : injection_placement_names()) {
    EXPECT_EQ(injection_placement_name(parse_injection_placement(name)), name);
  }
  EXPECT_THROW(parse_injection_placement("before"), Error);
}

}  // namespace
}  // namespace fdbench
