#include "results/foreign_file.h"

#include <gmock/gmock.h>

#include <fstream>

#include "core/error.h"
#include "io/temporary_folder.h"
#include "results/hdf5.h"

namespace fdbench {
namespace {

using std::string_view_literals::operator""sv;
using ::testing::HasSubstr;

TEST(KindOfBytes, IsToldByTheFirstBytes) {
  EXPECT_THAT(kind_of_bytes("version https://git-lfs.github.com/spec/v1\n"),
              HasSubstr("git lfs pull"));
  EXPECT_THAT(kind_of_bytes("PK\x03\x04"), HasSubstr(".npz"));
  EXPECT_THAT(kind_of_bytes("\n <!DOCTYPE HTML><html>"), HasSubstr("HTML"));
  EXPECT_THAT(kind_of_bytes("\x20\0\0\0\0\0\0\0{\"a\": 1}"sv), HasSubstr("safetensors"));
  EXPECT_EQ(kind_of_bytes("name: x\n"), "a text");
  EXPECT_EQ(kind_of_bytes("\x01\x02\x03"), "");
  EXPECT_EQ(kind_of_bytes(""), "");
}

TEST(CheckIsHdf5, TakesHdf5BehindAUserBlock) {
  const TemporaryFolder folder;
  Hdf5File::create(folder / "a.h5").close();
  EXPECT_NO_THROW(check_is_hdf5(folder / "a.h5"));
  std::ifstream plain(folder / "a.h5", std::ios::binary);
  std::ofstream behind(folder / "b.h5", std::ios::binary);
  behind << std::string(1024, '\0') << plain.rdbuf() << std::flush;
  EXPECT_NO_THROW(check_is_hdf5(folder / "b.h5"));
  std::ofstream(folder / "c.h5") << std::string(5000, '\x02');
  EXPECT_THROW(check_is_hdf5(folder / "c.h5"), Error);
}

}  // namespace
}  // namespace fdbench
