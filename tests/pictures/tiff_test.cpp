#include "pictures/tiff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "io/temporary_folder.h"

namespace fdbench {
namespace {

using testing::EndsWith;

std::filesystem::path corpus_file(const std::string& name) {
  return std::filesystem::path(FDBENCH_SOURCE_DIR) / "tests/fuzz/corpus/picture" / name;
}

TEST(Tiff, TilesThatReachBeyondThePictureAreRead) {
  const at::Tensor pixels = load_tiff(corpus_file("tiff_tile"));
  EXPECT_EQ(pixels.dim(), 3);
  EXPECT_EQ(pixels.size(2), 3);
}

/// 185 bytes that ask for a tile of 805 MB.
TEST(Tiff, ATileFarBeyondThePictureIsNotMade) {
  EXPECT_THAT(message_of([] { load_tiff(corpus_file("found_tiff_huge_tile")); }),
              EndsWith("damaged TIFF: its tiles are far larger than the picture"));
}

}  // namespace
}  // namespace fdbench
