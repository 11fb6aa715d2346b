#include "metrics/edge_agreement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace fdbench {
namespace {

/// A map of 5 x 7 pixels with edges at (row, column).
at::Tensor map_with(const std::vector<std::pair<int, int>>& edges) {
  at::Tensor map = at::zeros({1, 5, 7}, at::kByte);
  for (const auto& [row, column] : edges) map[0][row][column] = 255;
  return map;
}

void expect(const EdgeAgreement& found, double precision, double recall, double f1) {
  EXPECT_DOUBLE_EQ(found.precision[0].item<double>(), precision);
  EXPECT_DOUBLE_EQ(found.recall[0].item<double>(), recall);
  EXPECT_DOUBLE_EQ(found.f1[0].item<double>(), f1);
}

TEST(EdgeAgreement, CountsWhatLiesNearTheOther) {
  const at::Tensor edges = map_with({{0, 0}, {2, 3}, {4, 6}, {4, 0}});
  const at::Tensor wanted = map_with({{1, 1}, {2, 5}});
  // (0, 0) is beside (1, 1), the others are two and more pixels away from both.
  expect(edge_agreement(edges, wanted, 1), 1.0 / 4, 1.0 / 2, 2 * 0.25 * 0.5 / 0.75);
  // Two pixels reach (2, 3) from both and (4, 6) from (2, 5).
  expect(edge_agreement(edges, wanted, 2), 3.0 / 4, 1, 2 * 0.75 / 1.75);
  expect(edge_agreement(edges, wanted, 0), 0, 0, 0);
  expect(edge_agreement(edges, edges, 0), 1, 1, 1);
}

TEST(EdgeAgreement, IsOneWhereNeitherHasAnEdgeAndZeroWhereOneAloneHasNone) {
  const at::Tensor none = map_with({}), one = map_with({{2, 2}});
  expect(edge_agreement(none, none, 1), 1, 1, 1);
  expect(edge_agreement(one, none, 1), 0, 0, 0);
  expect(edge_agreement(none, one, 1), 0, 0, 0);
}

TEST(EdgeAgreement, IsOfEachPictureAlone) {
  const at::Tensor both = at::cat({map_with({{0, 0}}), map_with({{4, 6}})});
  const EdgeAgreement found = edge_agreement(both, both.flip(0), 1);
  EXPECT_EQ(found.f1.sum().item<double>(), 0);
  EXPECT_EQ(edge_agreement(both, both, 1).f1.sum().item<double>(), 2);
}

TEST(EdgeAgreement, RefusesMapsOfDifferentShapes) {
  EXPECT_THROW(edge_agreement(map_with({}), at::zeros({1, 7, 5}, at::kByte), 1), Error);
}

TEST(DrawnEdges, AreAbove127InSomeChannel) {
  const at::Tensor control = at::zeros({1, 3, 3}, at::kByte);
  control[0][0] = 127;
  control[0][1] = 128;
  control[0][2][2] = 255;
  EXPECT_TRUE(at::equal(drawn_edges(control), at::tensor({0, 1, 1}).view({1, 3}).to(at::kBool)));
}

TEST(ControlAgreement, ComparesThePicturesCanny) {
  at::Tensor picture = at::zeros({32, 32, 3}, at::kByte);
  picture.narrow(0, 8, 16).narrow(1, 8, 16).fill_(255);
  const at::Tensor own = canny(picture, {}).unsqueeze(0);
  EXPECT_GT(own.sum().item<double>(), 0);
  const at::Tensor pictures = picture.unsqueeze(0);
  EXPECT_EQ(control_agreement(pictures, own, {}).f1.item<double>(), 1);
  EXPECT_EQ(control_agreement(pictures, own.roll(1, 2), {}).f1.item<double>(), 1);
  EXPECT_LT(control_agreement(pictures, own.roll(3, 2), {}).f1.item<double>(), 0.7);
  // Such thresholds find no edge.
  const EdgeOptions blind{.canny = {.low = 5000, .high = 5000}};
  EXPECT_EQ(control_agreement(pictures, own, blind).f1.item<double>(), 0);
}

}  // namespace
}  // namespace fdbench
