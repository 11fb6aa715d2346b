#include "io/zip_archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temporary_folder.h"

namespace fdbench {
namespace {

using testing::HasSubstr;

TEST(ZipArchive, RefusesMembersThatShareTheirBytes) {
  const TemporaryFolder folder;
  const std::string content(1000, 'x');
  write_zip(folder / "a.zip", {{"a", content}});
  std::ifstream file(folder / "a.zip", std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  // The directory's only entry (46 bytes and the name), twice; the end record is 22 bytes long.
  const std::size_t entry = bytes.size() - 22 - 47;
  bytes.insert(entry, bytes.substr(entry, 47));
  bytes[bytes.size() - 22 + 8] = bytes[bytes.size() - 22 + 10] = 2;
  const auto path = folder.write("b.zip", bytes);
  EXPECT_EQ(ZipArchive(folder / "a.zip").read("a"), content);
  EXPECT_EQ(ZipArchive(folder / "a.zip").first_bytes("a", 7), "xxxxxxx");
  EXPECT_THAT(message_of([&] { ZipArchive{path}; }), HasSubstr("overlap"));
}

}  // namespace
}  // namespace fdbench
