#include "profiling/profile_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiling/sleeping_denoiser.h"

namespace fdbench {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

/// A call whose step takes 1 s and whose layers take `seconds`.
CallTimes call(const std::vector<std::int64_t>& seconds) {
  CallTimes times;
  std::int64_t now = kSecond;
  times.begin_step = {0, now};
  for (const std::int64_t length : seconds) {
    times.layers.push_back({now, now + length * kSecond});
    now += length * kSecond;
  }
  times.call = {0, now};
  return times;
}

/// Three calls of the sleeping denoiser; operator "x" takes 2 s of each, in two calls, "y" 4 s in
/// one.
CallProfile profile() {
  CallProfile profile;
  profile.plain_seconds = {8, 10, 9};
  profile.instrumented = {call({1, 5, 2, 1}), call({2, 2, 2, 1}), call({3, 3, 2, 2})};
  for (CallTimes& times : profile.instrumented) {
    times.operators = {{"x", {0, kSecond}, kSecond},
                       {"y", {0, 5 * kSecond}, 4 * kSecond},
                       {"x", {0, kSecond}, kSecond}};
  }
  profile.peak_bytes = 123;
  return profile;
}

const SampleShape kShape{2, {4, 4}, 1};

TEST(TimeRange, MedianOfEvenAndOddCounts) {
  EXPECT_EQ(time_range({3, 1, 2}).median, 2);
  EXPECT_EQ(time_range({4, 1, 3, 2}).median, 2.5);
  EXPECT_EQ(time_range({4, 1, 3, 2}).min, 1);
  EXPECT_EQ(time_range({4, 1, 3, 2}).max, 4);
}

TEST(Summarize, BlocksAreMediansOfTheirSums) {
  const ProfileSummary summary = summarize(SleepingDenoiser(), profile(), kShape);
  ASSERT_EQ(summary.blocks.size(), 4U);
  EXPECT_EQ(summary.blocks[0].name, "time_embedding");
  EXPECT_EQ(summary.blocks[0].seconds, 1);
  EXPECT_EQ(summary.blocks[0].parameters, 10);
  EXPECT_FALSE(summary.blocks[0].multiply_adds);
  const ProfileRow& a = summary.blocks[1];
  EXPECT_EQ(a.name, "a");
  EXPECT_EQ(a.seconds, 6);  // of 6, 4 and 6; the sum of the layers' medians is 5
  EXPECT_EQ(a.parameters, 20 + 30);
  EXPECT_EQ(a.multiply_adds, (1 + 2) * 32);
  EXPECT_DOUBLE_EQ(a.gmac_per_s(), 96e-9 / 6);
  EXPECT_DOUBLE_EQ(a.share, 0.6);  // of 1 + 6 + 2 + 1
}

TEST(Summarize, PartsAndLayers) {
  const ProfileSummary summary = summarize(SleepingDenoiser(), profile(), kShape);
  std::vector<std::string> parts, layers;
  for (const ProfileRow& row : summary.parts) parts.push_back(row.name);
  for (const ProfileRow& row : summary.layers) layers.push_back(row.name);
  EXPECT_EQ(parts,
            (std::vector<std::string>{"encoder", "bottleneck", "decoder", "time_embedding"}));
  EXPECT_EQ(layers, (std::vector<std::string>{"a.0", "a.1", "b", "c"}));
  EXPECT_EQ(summary.layers[0].seconds, 2);
  EXPECT_EQ(summary.parts[0].parameters, 50);
}

TEST(Summarize, TheCallAsAWhole) {
  const ProfileSummary summary = summarize(SleepingDenoiser(), profile(), kShape);
  EXPECT_EQ(summary.unet.median, 9);
  EXPECT_EQ(summary.instrumented.median, 10);
  EXPECT_EQ(summary.parameters, 10 + 20 + 30 + 40 + 50);
  EXPECT_EQ(summary.weights_bytes, 4 * 150);
  EXPECT_EQ(summary.multiply_adds, 10 * 32);
  EXPECT_EQ(summary.peak_bytes, 123);
  EXPECT_DOUBLE_EQ(summary.gmac_per_s(), 320e-9 / 9);
}

TEST(Summarize, OperatorsAndWhatIsOutsideOfThem) {
  const ProfileSummary summary = summarize(SleepingDenoiser(), profile(), kShape);
  ASSERT_EQ(summary.operators.size(), 3U);
  EXPECT_EQ(summary.operators[0].name, "y");
  EXPECT_EQ(summary.operators[0].seconds, 4);
  EXPECT_DOUBLE_EQ(summary.operators[0].share, 0.4);
  EXPECT_EQ(summary.operators[1].name, "x");
  EXPECT_EQ(summary.operators[1].calls, 2);
  EXPECT_EQ(summary.operators[2].name, "(outside operators)");  // 10, 8 and 11 s less 6
  EXPECT_EQ(summary.operators[2].seconds, 4);
}

TEST(Summarize, WithoutOperatorsThereAreNoRows) {
  CallProfile without = profile();
  for (CallTimes& times : without.instrumented) times.operators.clear();
  EXPECT_TRUE(summarize(SleepingDenoiser(), without, kShape).operators.empty());
}

TEST(SummaryJson, HasWhatIsDocumented) {
  const auto json = summary_json(summarize(SleepingDenoiser(), profile(), kShape));
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  EXPECT_THAT(keys, testing::ElementsAre("unet_s", "instrumentation", "multiply_adds", "gmac_per_s",
                                         "parameters", "weights_bytes", "peak_memory_bytes",
                                         "parts", "blocks", "layers", "operators"));
  EXPECT_EQ(json["instrumentation"]["overhead_s"], 1);
  EXPECT_TRUE(json["blocks"][0]["multiply_adds"].is_null());
}

}  // namespace
}  // namespace fdbench
