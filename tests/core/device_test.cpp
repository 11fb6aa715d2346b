#include "core/device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace fdbench {
namespace {

using testing::HasSubstr;

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Dtype, KnowsLongAndShortNames) {
  EXPECT_EQ(parse_dtype("bf16"), at::kBFloat16);
  EXPECT_EQ(parse_dtype("float32"), at::kFloat);
  EXPECT_EQ(dtype_name(at::kHalf), "float16");
}

TEST(Dtype, NamesTheNearestOne) {
  EXPECT_THAT(message_of([] { parse_dtype("bf17"); }), HasSubstr("did you mean 'bf16'"));
}

TEST(Device, RefusesWhatIsNotThere) {
  EXPECT_EQ(parse_device("cpu"), at::Device(at::kCPU));
  EXPECT_THAT(message_of([] { parse_device("tpu"); }), HasSubstr("device 'tpu' is not known"));
  if (!at::globalContext().hasCUDA()) {
    EXPECT_THAT(message_of([] { parse_device("cuda"); }), HasSubstr("has no CUDA"));
  }
}

}  // namespace
}  // namespace fdbench
