#include "profiling/chrome_trace.h"

#include <gtest/gtest.h>

#include "profiling/sleeping_denoiser.h"

namespace fdbench {
namespace {

using nlohmann::ordered_json;

constexpr std::int64_t kStart = 5'000'000'000'123;  // far from 0, as a steady clock is [ns]

CallTimes times() {
  CallTimes times;
  const auto at = [](std::int64_t begin, std::int64_t end) {
    return TimeSpan{kStart + begin, kStart + end};
  };
  times.call = at(0, 10'000);
  times.begin_step = at(0, 1'000);
  times.layers = {at(1'000, 3'000), at(3'000, 4'000), at(4'000, 6'000), at(6'000, 9'501)};
  times.operators = {{"inner", at(1'000, 2'000), 1'000, false},
                     {"outer", at(1'000, 3'000), 1'000, true}};
  return times;
}

ordered_json make_trace() {
  const std::vector<std::int64_t> multiply_adds = {1, 2, 3, 4};
  return chrome_trace(SleepingDenoiser().layers(), times(), multiply_adds, "UNet call");
}

/// Names of the complete events in the order of the file.
std::vector<std::string> complete_events(const ordered_json& trace) {
  std::vector<std::string> names;
  for (const ordered_json& event : trace["traceEvents"]) {
    if (event["ph"] == "X") names.push_back(event["name"]);
  }
  return names;
}

ordered_json find(const ordered_json& trace, const std::string& name) {
  for (const ordered_json& event : trace["traceEvents"]) {
    if (event["name"] == name) return event;
  }
  return nullptr;
}

TEST(ChromeTrace, WhatEnclosesComesFirst) {
  const ordered_json trace = make_trace();
  EXPECT_EQ(complete_events(trace),
            (std::vector<std::string>{"call", "time_embedding", "a", "a.0", "outer", "inner", "a.1",
                                      "b", "b", "c", "c"}));
}

TEST(ChromeTrace, TimesAreMicrosecondsFromTheStart) {
  const ordered_json trace = make_trace();
  EXPECT_EQ(find(trace, "a.0")["ts"], 1.0);
  EXPECT_EQ(find(trace, "a.0")["dur"], 2.0);
  EXPECT_EQ(find(trace, "c")["dur"], 3.501);
  EXPECT_EQ(find(trace, "a")["dur"], 3.0);
  EXPECT_EQ(find(trace, "outer")["args"]["self_us"], 1.0);
}

TEST(ChromeTrace, LayersSayWhatTheyAre) {
  const ordered_json layer = find(make_trace(), "a.1");
  EXPECT_EQ(layer["cat"], "layer");
  EXPECT_EQ(layer["args"]["role"], "encoder");
  EXPECT_EQ(layer["args"]["multiply_adds"], 2);
}

TEST(ChromeTrace, TheTrackHasAName) {
  const ordered_json name = find(make_trace(), "thread_name");
  EXPECT_EQ(name["ph"], "M");
  EXPECT_EQ(name["args"]["name"], "UNet call");
}

}  // namespace
}  // namespace fdbench
