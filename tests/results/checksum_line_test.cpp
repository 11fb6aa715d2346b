#include "results/checksum_line.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "core/error.h"
#include "io/temporary_folder.h"

namespace fdbench {
namespace {

TEST(ChecksumLine, TellsWholeFromDamagedBytes) {
  const std::string data = "some bytes";
  const std::string whole = data + checksum_line("result", data);
  EXPECT_EQ(wholeness("result", whole), Wholeness::kWhole);
  EXPECT_EQ(wholeness("result", data), Wholeness::kUnknown);
  EXPECT_EQ(wholeness("unit", whole), Wholeness::kUnknown) << "another kind of file";
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string flipped = whole;
    flipped[i] ^= 4;
    const Wholeness found = wholeness("result", flipped);
    EXPECT_NE(found, Wholeness::kWhole) << i;
    if (i < data.size()) {
      EXPECT_EQ(found, Wholeness::kDamaged) << i;
    }
  }
}

TEST(ChecksumLine, IsAppendedToAFile) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "f";
  std::ofstream(path) << "contents";
  append_checksum(path, "result");
  EXPECT_NO_THROW(check_whole(path, "result"));
  EXPECT_EQ(std::filesystem::file_size(path), 8 + checksum_line_size("result"));
  std::fstream(path, std::ios::in | std::ios::out) << "d";
  EXPECT_THROW(check_whole(path, "result"), Error);
}

TEST(ChecksumLine, LeavesWhatIsNoSuchFileToOthers) {
  const TemporaryFolder folder;
  EXPECT_NO_THROW(check_whole(folder.path() / "missing", "result"));
  std::ofstream(folder.path() / "empty");
  EXPECT_NO_THROW(check_whole(folder.path() / "empty", "result"));
}

}  // namespace
}  // namespace fdbench
