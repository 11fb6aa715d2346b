#include "sweep/run_records.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "work/tiny_sweep.h"

namespace fdbench {
namespace {

TEST(RunRecords, CountWhatReallyRan) {
  const PreparedSweep sweep = tiny_sweep({tiny_run("full", 4), tiny_run("encoder", 4)});
  at::Tensor ran = at::ones({4, 4}, at::kByte);
  ran[1].slice(0, 0, 2).zero_();
  ran[3].slice(0, 0, 2).zero_();
  RunRecord record = planned_record(sweep.runs[1]);
  count_grid(record, sweep, sweep.runs[1], ran, at::tensor({3, 4}, at::kLong));
  EXPECT_EQ(record.key_steps, "4 2");
  EXPECT_EQ(record.layers_run, 12);
  EXPECT_EQ(record.layers_total, 16);
  EXPECT_EQ(record.multiply_adds, 4 * 100 - 2 * (30 + 6 + 8))
      << "between keys no encoder, and both skips hoisted";
  EXPECT_EQ(record.unet_calls, 3);
  EXPECT_EQ(record.step_calls, 4);
  EXPECT_TRUE(record.reused);
}

TEST(RunRecords, TellOfDeepCache) {
  RunSpec run = tiny_run("deepcache", 4);
  run.strategy.options = {{"cache_layer_id", 1}, {"cache_interval", 2}};
  const PreparedSweep sweep = tiny_sweep({tiny_run("encoder", 4), run});
  const RunRecord encoder = planned_record(sweep.runs[0]), record = planned_record(sweep.runs[1]);
  EXPECT_EQ(record.key_steps, "4 2");
  EXPECT_EQ(record.cache_interval, 2);
  EXPECT_EQ(record.cache_block_id, 0);
  EXPECT_EQ(record.cache_layer_id, 1);
  EXPECT_EQ(encoder.cache_interval, kNotCounted);
  EXPECT_EQ(encoder.cache_block_id, kNotCounted);
  EXPECT_EQ(record.strategy_options,
            R"({"cache_block_id":0,"cache_layer_id":1,"cache_interval":2,"skip_mode":"uniform"})");
  EXPECT_EQ(encoder.strategy_options, "");
}

TEST(RunRecords, AGridWithoutReuseSaysSo) {
  const PreparedSweep sweep = tiny_sweep({tiny_run("encoder", 4)});
  RunRecord record = planned_record(sweep.runs[0]);
  count_grid(record, sweep, sweep.runs[0], at::ones({4, 4}, at::kByte),
             at::tensor({4, 4}, at::kLong));
  EXPECT_FALSE(record.reused);
}

TEST(RunRecords, ASpeedupIsTheMedianOfTheRoundsRatios) {
  Arrays timing;
  for (const char* name : {"/unet_s", "/total_s", "/text_encoder_s", "/vae_s"}) {
    timing[name] = at::tensor({1.0, 10.0, 4.0, 0.5, 5.0, 1.0}, at::kDouble).reshape({2, 3});
  }
  RunRecord record;
  summarise_timing(record, timing, 1, 0);
  EXPECT_EQ(record.num_rounds, 3);
  EXPECT_EQ(record.unet_s, 1.0);
  EXPECT_EQ(record.unet_speedup, 2.0);  // of 2, 2 and 4: a slow round slows both
  EXPECT_LE(record.unet_speedup_low, 2.0);
  EXPECT_GE(record.unet_speedup_high, 2.0);
}

TEST(RunRecords, WithoutABaselineThereIsNoSpeedup) {
  Arrays timing;
  for (const char* name : {"/unet_s", "/total_s", "/text_encoder_s", "/vae_s"}) {
    timing[name] = at::ones({1, 3}, at::kDouble);
  }
  RunRecord record;
  summarise_timing(record, timing, 0, -1);
  EXPECT_EQ(record.unet_s, 1.0);
  EXPECT_TRUE(std::isnan(record.unet_speedup));
}

TEST(StdOverSteps, LeavesOutStepsThatWereLeftOut) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const at::Tensor values = at::tensor({1.0, nan, 3.0, 5.0}, at::kDouble).reshape({1, 4, 1});
  EXPECT_NEAR(std_over_steps(values).item<double>(), std::sqrt(8.0 / 3.0), 1e-15);
}

}  // namespace
}  // namespace fdbench
