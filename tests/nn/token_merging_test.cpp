#include "nn/token_merging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "core/error.h"

namespace fdbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Merging of half of the tokens into the top left ones of 2x2 windows.
TokenMerging half() {
  TokenMerging merging;
  merging.ratio = 0.5;
  merging.use_rand = false;
  return merging;
}

std::string fault(const TokenMerging& merging) {
  try {
    check_token_merging(merging);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(TokenMerging, HasTomesdsDefaults) {
  const TokenMerging merging;
  EXPECT_FALSE(merging.on());
  EXPECT_EQ(kUsualMergeRatio, 0.5);
  EXPECT_EQ(merging.sx, 2);
  EXPECT_EQ(merging.sy, 2);
  EXPECT_EQ(merging.max_downsample, 1);
  EXPECT_TRUE(merging.use_rand && merging.merge_attn);
  EXPECT_FALSE(merging.merge_crossattn || merging.merge_mlp);
}

TEST(TokenMerging, RefusesWhatCannotBe) {
  EXPECT_EQ(fault(half()), "");
  EXPECT_EQ(fault({}), "");
  for (const double ratio : {-0.1, 1.0, 1.5, std::numeric_limits<double>::quiet_NaN()}) {
    TokenMerging merging = half();
    merging.ratio = ratio;
    EXPECT_THAT(fault(merging), HasSubstr("at least 0 and below 1")) << ratio;
  }
  for (const std::int64_t stride : {-1, 0, 65}) {
    TokenMerging wide = half(), tall = half();
    wide.sx = tall.sy = stride;
    EXPECT_THAT(fault(wide), HasSubstr("sx is")) << stride;
    EXPECT_THAT(fault(tall), HasSubstr("sy is")) << stride;
  }
  TokenMerging merging = half();
  merging.max_downsample = 3;
  EXPECT_THAT(fault(merging), HasSubstr("1, 2, 4 or 8"));
  merging = half();
  merging.sx = merging.sy = 1;
  EXPECT_THAT(fault(merging), HasSubstr("every token is a destination"));
  merging = half();
  merging.merge_attn = false;
  EXPECT_THAT(fault(merging), HasSubstr("nothing is merged"));
  merging.ratio = 0;
  EXPECT_EQ(fault(merging), "") << "off is off";
}

TEST(MergeGrid, CountsTokens) {
  TokenMerging merging = half();
  merging.sx = 3;
  const auto grid = merge_grid(merging, 7 * 10, 7, 10);
  ASSERT_TRUE(grid);
  EXPECT_EQ(grid->destinations(), 3 * 3);
  EXPECT_EQ(grid->sources(), 70 - 9);
  EXPECT_EQ(grid->merged, 35);
  EXPECT_EQ(grid->left(), 35);
  merging.ratio = 0.999;
  EXPECT_EQ(merge_grid(merging, 70, 7, 10)->merged, 61) << "no more than there are sources";
}

TEST(MergeGrid, IsNotThereWhereNothingIsMerged) {
  EXPECT_FALSE(merge_grid({}, 64, 8, 8)) << "off";
  TokenMerging merging = half();
  EXPECT_TRUE(merge_grid(merging, 64, 8, 8));
  EXPECT_FALSE(merge_grid(merging, 64, 4, 4)) << "a halved map";
  merging.max_downsample = 2;
  EXPECT_TRUE(merge_grid(merging, 64, 4, 4));
  EXPECT_TRUE(merge_grid(merging, 15 * 21, 8, 11)) << "odd sides";
  EXPECT_FALSE(merge_grid(merging, 64, 2, 2));
  merging.ratio = 0.01;
  EXPECT_FALSE(merge_grid(merging, 64, 8, 8)) << "less than one token";
}

TEST(MergeGrid, NeedsAWindow) {
  TokenMerging merging = half();
  merging.sx = 4;
  merging.max_downsample = 8;
  try {
    merge_grid(merging, 16 * 16, 2, 2);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("no window of 2x4 tokens (sy x sx) fits into a feature map "
                                        "of 2x2"));
    EXPECT_EQ(error.exit_code(), 2);
  }
}

TEST(DestinationTokens, AreTheWindowsTopLeftOnesWithoutChance) {
  TokenMerging merging = half();
  merging.sx = 3;
  EXPECT_THAT(destination_tokens(*merge_grid(merging, 5 * 7, 5, 7), 1), ElementsAre(0, 3, 14, 17));
}

TEST(DestinationTokens, AreDrawnOneFromEachWindow) {
  TokenMerging merging = half();
  merging.use_rand = true;
  merging.sx = 3;
  const MergeGrid grid = *merge_grid(merging, 5 * 7, 5, 7);
  std::set<std::int64_t> in_first_window;
  std::set<std::vector<std::int64_t>> choices;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const std::vector<std::int64_t> tokens = destination_tokens(grid, seed);
    EXPECT_EQ(tokens, destination_tokens(grid, seed));
    choices.insert(tokens);
    std::set<std::pair<std::int64_t, std::int64_t>> windows;
    for (const std::int64_t token : tokens) {
      const std::int64_t row = token / 7, column = token % 7;
      EXPECT_TRUE(row < 4 && column < 6) << "a margin that fills no window has no destination";
      windows.emplace(row / 2, column / 3);
      if (row < 2 && column < 3) in_first_window.insert(token);
    }
    EXPECT_EQ(windows.size(), 4U);
  }
  EXPECT_THAT(in_first_window, ElementsAre(0, 1, 2, 7, 8, 9)) << "each one of a window can be it";
  // 6^4 choices: that 100 draws hold fewer than 80 different ones has a chance below 1e-9.
  EXPECT_GT(choices.size(), 80U);
}

}  // namespace
}  // namespace fdbench
