#include "profiling/process_memory.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <chrono>
#include <thread>

namespace fdbench {
namespace {

// AddressSanitizer keeps freed memory on purpose, and its own notes grow with what is allocated, by
// an eighth: resident memory says nothing of the program then.
#ifndef __SANITIZE_ADDRESS__

constexpr std::int64_t kBytes = 64 << 20;
// The process does other things too: 10% of what is allocated.
constexpr double kTolerance = 0.1 * kBytes;

at::Tensor touched_tensor() { return at::ones({kBytes / 4}, at::kFloat); }

TEST(PeakMemory, CountsWhatWasAllocatedAndFreedInTheWindow) {
  const PeakMemory memory(at::kCPU);
  touched_tensor();
  EXPECT_NEAR(memory.bytes(), kBytes, kTolerance);
}

TEST(PeakMemory, CountsWhatIsThereAtOnceNotTheSum) {
  const PeakMemory memory(at::kCPU);
  for (int i = 0; i < 4; ++i) touched_tensor();
  EXPECT_NEAR(memory.bytes(), kBytes, kTolerance);
}

TEST(PeakMemory, LeavesOutWhatWasThereBefore) {
  const at::Tensor before = touched_tensor();
  touched_tensor();  // a higher peak, before the window
  const PeakMemory memory(at::kCPU);
  EXPECT_LT(memory.bytes(), kTolerance);
}

TEST(PeakMemory, SeesSmallBlocksThatReuseFreedOnes) {
  constexpr std::int64_t kBlock = 64 << 10;  // from malloc's heap, not from a mapping of its own
  const auto allocate = [] {
    std::vector<at::Tensor> blocks;
    for (std::int64_t i = 0; i < kBytes / kBlock; ++i) blocks.push_back(at::ones({kBlock / 4}));
  };
  allocate();
  const PeakMemory memory(at::kCPU);
  allocate();
  EXPECT_NEAR(memory.bytes(), kBytes, kTolerance);
}

TEST(ResidentSampler, SeesAPeakLongerThanItsPeriod) {
  ::malloc_trim(0);  // what earlier tests freed would be used again, and nothing would grow
  const std::int64_t level = process_status_bytes("VmRSS");
  const ResidentSampler sampler;
  {
    const at::Tensor tensor = touched_tensor();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));  // many periods, on a busy machine
  }
  EXPECT_NEAR(sampler.peak() - level, kBytes, kTolerance);
}

#endif

TEST(ProcessStatus, UnknownFieldIsZero) {
  EXPECT_GT(process_status_bytes("VmRSS"), 0);
  EXPECT_EQ(process_status_bytes("VmNone"), 0);
}

}  // namespace
}  // namespace fdbench
