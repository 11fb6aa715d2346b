#include "models/slowed_denoiser.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "core/error.h"
#include "models/tiny_models.h"

namespace fdbench {
namespace {

TEST(SlowedDecoderShare, IsReadFromTheEnvironment) {
  unsetenv("FDBENCH_SLOW_DECODER");
  EXPECT_EQ(slowed_decoder_share(), 0);
  setenv("FDBENCH_SLOW_DECODER", "0.05", 1);
  EXPECT_EQ(slowed_decoder_share(), 0.05);
  for (const char* wrong : {"5%", "-1", "nan", "11"}) {
    setenv("FDBENCH_SLOW_DECODER", wrong, 1);
    EXPECT_THROW(slowed_decoder_share(), Error) << wrong;
  }
  unsetenv("FDBENCH_SLOW_DECODER");
}

}  // namespace
}  // namespace fdbench
