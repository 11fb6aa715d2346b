#include "io/recycled_memory.h"

#include <gtest/gtest.h>

#include <optional>

namespace fdbench {
namespace {

constexpr std::int64_t kMiB = 1 << 20;

TEST(RecycledMemory, GoesToTheNextTensorOfItsSize) {
  RecycledMemory memory;
  at::Tensor first = memory.empty({2, kMiB}, at::kFloat);
  const void* const place = first.const_data_ptr();
  first.fill_(1);
  first.reset();
  const at::Tensor second = memory.empty({kMiB + 7}, at::kFloat);
  EXPECT_EQ(second.const_data_ptr(), place);
  EXPECT_EQ(second.sizes(), (std::vector<std::int64_t>{kMiB + 7}));
  EXPECT_NE(memory.empty({kMiB}, at::kFloat).const_data_ptr(), place);
}

TEST(RecycledMemory, IsNotWastedOnMuchSmallerTensors) {
  RecycledMemory memory;
  at::Tensor large = memory.empty({8, kMiB}, at::kByte);
  const void* const place = large.const_data_ptr();
  large.reset();
  EXPECT_NE(memory.empty({3, kMiB}, at::kByte).const_data_ptr(), place);
}

TEST(RecycledMemory, TensorsOutliveIt) {
  std::optional<RecycledMemory> memory(std::in_place);
  at::Tensor large = memory->empty({2, kMiB}, at::kHalf), small = memory->empty({3}, at::kHalf);
  large.fill_(2);
  const at::Tensor view = large[1];
  memory.reset();
  large.reset();
  EXPECT_EQ(view.to(at::kFloat).sum().item<float>(), 2.0F * kMiB);
  EXPECT_EQ(small.numel(), 3);
}

TEST(RecycledMemory, TooMuchIsNamed) {
  RecycledMemory memory;
  try {
    memory.empty({std::int64_t{1} << 50}, at::kByte);
    FAIL() << "no error";
  } catch (const c10::OutOfMemoryError& error) {
    EXPECT_NE(std::string(error.what()).find("tried to allocate 1125899906842624 bytes"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace fdbench
