#include "profiling/machine_load.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>

namespace fdbench {
namespace {

void spin(double seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < end) continue;
}

TEST(MachineLoad, CountsOthersAndNotItself) {
  const MachineLoad load;
  const pid_t child = fork();
  if (child == 0) {
    spin(0.6);
    _exit(0);
  }
  spin(0.6);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  const double others = load.others_share();
  // One child that spun with this process for all the time it could get: never nothing; and this
  // process's own half of the work is not in it.
  EXPECT_GT(others, 0);
  EXPECT_LT(others, 1);
  EXPECT_GE(load.steal_share(), 0);
}

TEST(MachineLoad, ClockIsNoNegativeNumber) {
  const double mhz = processor_mhz();
  EXPECT_TRUE(std::isnan(mhz) || mhz > 0);
}

}  // namespace
}  // namespace fdbench
