#include "pictures/canny.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/error.h"
#include "io/temporary_folder.h"

namespace fdbench {
namespace {

using testing::HasSubstr;

std::string fault(const CannyOptions& options) {
  return message_of([&] { check_canny(options); });
}

/// White right of column 10.
at::Tensor step(int channels) {
  at::Tensor picture = at::zeros({20, 20, channels}, at::kByte);
  picture.narrow(1, 10, 10).fill_(255);
  return picture;
}

TEST(Canny, DrawsALineOfOnePixelAlongAStep) {
  const at::Tensor edges = canny(step(3), {});
  EXPECT_EQ(edges.scalar_type(), at::kByte);
  const at::Tensor columns = edges.gt(0).sum(0);
  EXPECT_EQ(columns.gt(0).sum().item<int>(), 1) << "one column";
  EXPECT_EQ(edges.max().item<int>(), 255);
  EXPECT_TRUE(at::equal(edges, canny(step(1).squeeze(2), {}))) << "grey is the same";
}

TEST(Canny, TakesItsThresholds) {
  EXPECT_EQ(canny(step(3), {.low = 1020, .high = 1020}).sum().item<int>(), 0);
  EXPECT_GT(canny(step(3), {.low = 1019, .high = 1019}).sum().item<int>(), 0);
}

TEST(Canny, TakesPicturesThatLieScatteredInMemory) {
  const at::Tensor turned = step(3).transpose(0, 1);
  EXPECT_TRUE(at::equal(canny(turned, {}), canny(turned.contiguous(), {})));
}

TEST(Canny, RefusesWhatMakesNoSense) {
  EXPECT_THAT(fault({.low = 300}), HasSubstr("low threshold, 300, must not be above the high one"));
  EXPECT_THAT(fault({.low = -1}), HasSubstr("0 or more"));
  EXPECT_THAT(fault({.high = std::numeric_limits<double>::infinity()}), HasSubstr("0 or more"));
  for (const int aperture : {1, 4, 9}) {
    EXPECT_THAT(fault({.aperture = aperture}), HasSubstr("aperture must be 3, 5 or 7"));
  }
}

}  // namespace
}  // namespace fdbench
