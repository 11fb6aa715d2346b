#include "core/processor_time.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace fdbench {
namespace {

TEST(ProcessorTime, SleepCostsNone) {
  const double before = thread_processor_seconds();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_LT(thread_processor_seconds() - before, 0.3);
}

TEST(ProcessorTime, WorkOfAnotherThreadCountsForTheProcessOnly) {
  const double thread_before = thread_processor_seconds(),
               process_before = process_processor_seconds();
  double spun = 0;
  std::thread([&] {
    const double begin = thread_processor_seconds();
    while (spun < 0.2) spun = thread_processor_seconds() - begin;
  }).join();
  EXPECT_GE(process_processor_seconds() - process_before, 0.2);
  EXPECT_LT(thread_processor_seconds() - thread_before, 0.2);
}

}  // namespace
}  // namespace fdbench
