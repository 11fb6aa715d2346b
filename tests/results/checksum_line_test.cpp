#include "results/checksum_line.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

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
  const auto bytes = [&] {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  EXPECT_EQ(bytes().size(), 8 + checksum_line_size("result"));
  EXPECT_EQ(wholeness("result", bytes()), Wholeness::kWhole);
  std::fstream(path, std::ios::in | std::ios::out) << "d";
  EXPECT_EQ(wholeness("result", bytes()), Wholeness::kDamaged);
}

}  // namespace
}  // namespace fdbench
