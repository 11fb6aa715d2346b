// Plans on a transformer over patches: a real denoiser without skips, told classes.
#include <gtest/gtest.h>

#include "execution/executor_fixture.h"
#include "nn/random_weights.h"
#include "transformers/dit.h"

namespace fdbench {
namespace {

class DiTExecution : public Executor {
 protected:
  static std::unique_ptr<Denoiser> make() {
    RandomWeights weights;
    const nlohmann::json config = {{"_class_name", "DiTTransformer2DModel"},
                                   {"num_attention_heads", 2},
                                   {"attention_head_dim", 8},
                                   {"num_layers", 4},
                                   {"sample_size", 8},
                                   {"num_embeds_ada_norm", 5}};
    return make_dit(config, weights, nullptr, "c");
  }
  static Conditioning classes(std::vector<std::int64_t> labels) {
    return {{kClassLabels, at::tensor(labels)}};
  }

  at::Tensor latents_of(const std::string& strategy, const How& how) {
    const Plan plan = make_plan({strategy, kKeys, {}}, kNumSteps, dit_->layers());
    return denoise(*dit_, sampler_, compile(plan, dit_->layers(), how.compiled),
                   {classes({1, 3}), classes({5, 5}), start_, {}}, how.options)
        .latents;
  }

  std::unique_ptr<Denoiser> dit_ = make();
  at::Tensor start_ = noise({2, 4, 8, 8});
};

TEST_F(DiTExecution, AFullRunEqualsAPlainLoop) {
  at::Tensor latents = start_;
  for (int step = 0; step < kNumSteps; ++step) {
    const at::Tensor sample = sampler_.scale_model_input(latents, step);
    const at::Tensor times = at::full({2}, sampler_.timesteps()[static_cast<std::size_t>(step)]);
    const at::Tensor with = forward(*dit_, sample, times, classes({1, 3}));
    const at::Tensor without = forward(*dit_, sample, times, classes({5, 5}));
    latents = sampler_.step(without + 5 * (with - without), step, latents, {});
  }
  EXPECT_TRUE(at::allclose(latents_of("full", guided(5)), latents, 1e-4, 1e-5));
}

TEST_F(DiTExecution, GroupsOfStepsGiveWhatStepsOneByOneGive) {
  const at::Tensor full = latents_of("full", guided(5));
  for (const char* strategy : {"encoder", "decoder", "drop"}) {
    const at::Tensor one_by_one = latents_of(strategy, guided(5));
    EXPECT_FALSE(at::allclose(one_by_one, full, 1e-4, 1e-5)) << strategy;
    for (const int max_parallel : {0, 2, 3}) {
      EXPECT_TRUE(
          at::allclose(latents_of(strategy, parallel(max_parallel, 5)), one_by_one, 1e-4, 1e-5))
          << strategy << " " << max_parallel;
    }
  }
}

}  // namespace
}  // namespace fdbench
