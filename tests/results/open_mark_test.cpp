#include "results/open_mark.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "io/temporary_folder.h"
#include "results/hdf5.h"
#include "results/result_reader.h"

namespace fdbench {
namespace {

constexpr std::size_t kFlags = 20;  // of the superblock that libhdf5 writes by default

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(OpenMark, IsSetWhileAFileIsWritten) {
  const TemporaryFolder folder;
  Hdf5File::create(folder / "a.h5").close();
  std::string bytes = bytes_of(folder / "a.h5");
  EXPECT_FALSE(is_marked_open(bytes));
  bytes[kFlags] = 1;
  EXPECT_TRUE(is_marked_open(bytes));
  EXPECT_FALSE(is_marked_open("no HDF5 file at all, whatever its bytes are"));
  EXPECT_FALSE(is_marked_open(""));
}

TEST(OpenMark, TheChecksumIsThatOfTheFileBefore) {
  const TemporaryFolder folder;
  Hdf5File::create(folder / "a.h5").close();
  append_checksum(folder / "a.h5", kResultChecksum);
  std::string bytes = bytes_of(folder / "a.h5");
  bytes[kFlags] = 1;
  EXPECT_EQ(wholeness(kResultChecksum, bytes), Wholeness::kDamaged);
  EXPECT_EQ(wholeness_without_mark(kResultChecksum, bytes), Wholeness::kWhole);
  bytes[100] ^= 1;
  EXPECT_EQ(wholeness_without_mark(kResultChecksum, bytes), Wholeness::kDamaged);
}

}  // namespace
}  // namespace fdbench
