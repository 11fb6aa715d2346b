// What tests of the executor share: a toy with skips, its inputs, and plans.
#pragma once

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "execution/executor.h"
#include "execution/toy_denoiser.h"
#include "plan/strategies.h"

namespace fdbench {

/// A plan of which each cell is decided by a coin; now and then a step is left out.
inline Plan random_plan(int num_steps, int num_layers, std::mt19937& random) {
  Plan plan(num_steps, num_layers);
  for (int step = 1; step < num_steps; ++step) {
    const bool dropped = random() % 8 == 0;
    for (int layer = 0; layer < num_layers; ++layer) {
      const Cell cell = random() % 2 == 0 ? Cell::kReuse : Cell::kCompute;
      plan.set(step, layer, dropped ? Cell::kDrop : cell);
    }
  }
  return plan;
}

/// Two pictures of a toy, eight steps.
class Executor : public testing::Test {
 protected:
  using Toy = ToyDenoiser;
  static constexpr int kNumSteps = 8;
  inline static const KeySteps kKeys = {true, false, false, false, true, true, false, false};

  Executor() { at::manual_seed(3); }

  /// How a run is compiled and made.
  struct How {
    ProgramOptions compiled;
    ExecutorOptions options;
  };

  DenoiseResult run(const Plan& plan, const How& how = {}) {
    toy_.batch_sizes.clear();
    return denoise(toy_, sampler_, compile(plan, toy_.layers(), how.compiled),
                   {conditional_, unconditional_, latents_, {}}, how.options);
  }

  Plan plan_of(const std::string& strategy, const KeySteps& key_steps = kKeys) {
    return make_plan({strategy, key_steps, {}}, kNumSteps, toy_.layers());
  }

  static How parallel(int max_parallel = 0, double guidance_scale = 1) {
    How how = guided(guidance_scale);
    how.compiled = {.execution = Execution::kParallel, .max_parallel = max_parallel};
    return how;
  }

  static How guided(double scale) {
    How how;
    how.options.guidance_scale = scale;
    return how;
  }

  Toy toy_;
  ToySampler sampler_{kNumSteps};
  Conditioning conditional_{{"encoder_hidden_states", at::randn({2, 5, Toy::kChannels})}};
  Conditioning unconditional_{{"encoder_hidden_states", at::randn({2, 5, Toy::kChannels})}};
  at::Tensor latents_ = at::randn({2, Toy::kChannels, 6, 6});
};

}  // namespace fdbench
