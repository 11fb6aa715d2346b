#include "profiling/layer_profile.h"

#include <gtest/gtest.h>

#include "profiling/sleeping_denoiser.h"

namespace fdbench {
namespace {

/// Counts whole calls of the denoiser below it.
class CountingDenoiser : public SleepingDenoiser {
 public:
  std::unique_ptr<StepState> begin(const at::Tensor& timesteps, const Conditioning& conditioning,
                                   const SampleShape& shape,
                                   const CallOptions& options) const override {
    ++num_calls;
    return SleepingDenoiser::begin(timesteps, conditioning, shape, options);
  }
  mutable int num_calls = 0;
};

DenoiserInputs inputs() { return {sleeping_sample(), at::tensor({1}), {}}; }

TEST(TimedCall, EachLayerHasItsTimeInOrder) {
  const CallTimes times = timed_call(SleepingDenoiser(), inputs());
  ASSERT_EQ(times.layers.size(), 4U);
  EXPECT_GE(times.begin_step.seconds(), 1e-3);
  std::int64_t end = times.begin_step.end;
  double all = times.begin_step.seconds();
  for (std::size_t i = 0; i < times.layers.size(); ++i) {
    EXPECT_GE(times.layers[i].seconds(), 1e-3 * static_cast<double>(i + 1)) << i;
    EXPECT_GE(times.layers[i].begin, end) << i;
    end = times.layers[i].end;
    all += times.layers[i].seconds();
  }
  EXPECT_GE(times.begin_step.begin, times.call.begin);
  EXPECT_LE(end, times.call.end);
  EXPECT_LE(all, times.call.seconds());
}

TEST(TimedCall, OperatorsLieWithinTheirLayers) {
  const CallTimes times = timed_call(SleepingDenoiser(), inputs());
  std::size_t num_adds = 0;
  for (const OperatorSpan& span : times.operators) {
    if (!span.outermost || span.name != "aten::add") continue;
    ASSERT_LT(num_adds, times.layers.size());
    EXPECT_GE(span.time.begin, times.layers[num_adds].begin);
    EXPECT_LE(span.time.end, times.layers[num_adds].end);
    ++num_adds;
  }
  EXPECT_EQ(num_adds, times.layers.size());
}

TEST(ProfileCalls, PlainAndInstrumentedAfterWarmUp) {
  const CountingDenoiser denoiser;
  std::vector<int> told;
  const CallProfile profile =
      profile_calls(denoiser, inputs(), {2, 1}, [&](int done) { told.push_back(done); });
  EXPECT_EQ(profile.plain_seconds.size(), 2U);
  EXPECT_EQ(profile.instrumented.size(), 2U);
  EXPECT_EQ(denoiser.num_calls, 5);
  EXPECT_EQ(told, (std::vector<int>{1, 2, 3, 4, 5}));
  for (const double seconds : profile.plain_seconds)
    EXPECT_GE(seconds, 11e-3);  // 1 + 1 + 2 + 3 + 4
}

#ifndef __SANITIZE_ADDRESS__  // see process_memory_test.cpp

/// Holds 64 MiB during its first layer.
class HungryDenoiser : public SleepingDenoiser {
 public:
  Value run(int layer, std::span<const LayerInput> inputs, const StepState& state,
            std::unique_ptr<LayerMemo>* memo) const override {
    if (layer == 0) at::ones({16 << 20});
    return SleepingDenoiser::run(layer, inputs, state, memo);
  }
};

TEST(ProfileCalls, PeakIsThatOfACall) {
  for (const int warmup : {0, 1}) {
    const CallProfile profile = profile_calls(HungryDenoiser(), inputs(), {1, warmup});
    EXPECT_NEAR(profile.peak_bytes, 64 << 20, 0.1 * (64 << 20)) << warmup;
  }
}

#endif

}  // namespace
}  // namespace fdbench
