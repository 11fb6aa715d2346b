#include "profiling/operator_profile.h"

#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace fdbench {
namespace {

void sleep_ms(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

void inner() {
  RECORD_FUNCTION("inner", std::vector<c10::IValue>());
  sleep_ms(5);
}

/// "outer" takes 3 ms of its own and calls "inner".
void nested() {
  RECORD_FUNCTION("outer", std::vector<c10::IValue>());
  sleep_ms(3);
  inner();
}

std::vector<std::string> names(const std::vector<OperatorSpan>& spans) {
  std::vector<std::string> result;
  for (const OperatorSpan& span : spans) result.push_back(span.name);
  return result;
}

TEST(OperatorRecorder, SelfTimeLeavesOutWhatOthersTook) {
  OperatorRecorder recorder;
  nested();
  const std::vector<OperatorSpan> spans = recorder.take();
  ASSERT_EQ(names(spans), (std::vector<std::string>{"inner", "outer"}));
  EXPECT_GE(spans[0].self, 5'000'000);
  EXPECT_EQ(spans[0].self, spans[0].time.nanoseconds());
  EXPECT_GE(spans[1].self, 3'000'000);
  EXPECT_EQ(spans[1].self + spans[0].self, spans[1].time.nanoseconds());
  EXPECT_GE(spans[0].time.begin, spans[1].time.begin);
  EXPECT_LE(spans[0].time.end, spans[1].time.end);
}

TEST(OperatorRecorder, SeesAtenOperatorsInInferenceMode) {
  const c10::InferenceMode inference;
  const at::Tensor x = at::ones({4, 4});
  OperatorRecorder recorder;
  at::mm(x, x);
  EXPECT_THAT(names(recorder.take()), testing::Contains("aten::mm"));
}

TEST(OperatorRecorder, TakeForgets) {
  OperatorRecorder recorder;
  nested();
  recorder.take();
  EXPECT_TRUE(recorder.take().empty());
}

TEST(OperatorRecorder, StopsWithItsLife) {
  {
    OperatorRecorder recorder;
    nested();
  }
  nested();  // would write into the dead recorder
  OperatorRecorder recorder;
  EXPECT_TRUE(recorder.take().empty());
}

TEST(OperatorRecorder, LeavesOutOtherThreads) {
  OperatorRecorder recorder;
  std::thread(nested).join();
  EXPECT_TRUE(recorder.take().empty());
}

TEST(OperatorTotals, AddUpByNameLongestFirst) {
  const std::vector<OperatorSpan> spans = {
      {"a", {0, 10}, 1'000}, {"b", {0, 9}, 5'000}, {"a", {0, 8}, 3'000}};
  const std::vector<OperatorTotal> totals = operator_totals(spans);
  ASSERT_EQ(totals.size(), 2U);
  EXPECT_EQ(totals[0].name, "b");
  EXPECT_EQ(totals[0].calls, 1);
  EXPECT_EQ(totals[1].name, "a");
  EXPECT_EQ(totals[1].calls, 2);
  EXPECT_DOUBLE_EQ(totals[1].seconds, 4e-6);
}

}  // namespace
}  // namespace fdbench
