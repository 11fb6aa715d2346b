#include "metrics/inception_score.h"

#include <gtest/gtest.h>

#include <vector>

namespace fdbench {
namespace {

TEST(InceptionScore, ShufflesAsNumpyDoes) {
  // numpy.random.RandomState(2020).permutation(10)
  const at::Tensor order = numpy_permutation(10, 2020);
  const std::vector<std::int64_t> found(order.data_ptr<std::int64_t>(),
                                        order.data_ptr<std::int64_t>() + 10);
  EXPECT_EQ(found, (std::vector<std::int64_t>{2, 4, 9, 1, 5, 7, 6, 3, 8, 0}));
  EXPECT_EQ(numpy_permutation(0, 1).numel(), 0);
  EXPECT_EQ(numpy_permutation(1, 1).numel(), 1);
}

TEST(InceptionScore, OfEvenClassesIsTheirNumber) {
  const at::Tensor logits = 3000 * at::eye(4).repeat({10, 1});
  EXPECT_NEAR(inception_score(logits, std::nullopt).mean, 4, 1e-9);
}

}  // namespace
}  // namespace fdbench
