#include "results/unit_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "io/temporary_folder.h"

namespace fdbench {
namespace {

Arrays some_arrays() {
  return {{"/latents", at::randn({2, 4, 3, 3})},
          {"/features/mse", at::zeros({2, 5, 3}, at::kDouble)}};
}

TEST(UnitFile, KeepsItsArrays) {
  const TemporaryFolder folder;
  const Arrays arrays = some_arrays();
  write_unit(folder.path() / "unit.h5", arrays);
  ASSERT_TRUE(unit_complete(folder.path() / "unit.h5"));
  const Arrays read = read_unit(folder.path() / "unit.h5");
  ASSERT_EQ(read.size(), arrays.size());
  for (const auto& [name, values] : arrays) EXPECT_TRUE(read.at(name).equal(values)) << name;
}

TEST(UnitFile, SameArraysGiveTheSameBytes) {
  const TemporaryFolder folder;
  const Arrays arrays = some_arrays();
  write_unit(folder.path() / "a.h5", arrays);
  write_unit(folder.path() / "b.h5", arrays);
  const auto bytes = [&](const char* name) {
    std::ifstream file(folder.path() / name, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  EXPECT_EQ(bytes("a.h5"), bytes("b.h5"));
}

TEST(UnitFile, AnyFlippedByteIsFound) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "unit.h5";
  write_unit(path, some_arrays());
  const auto size = static_cast<std::streamoff>(std::filesystem::file_size(path));
  for (std::streamoff at = 0; at < size; at += 101) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const char old = static_cast<char>(file.get());
    file.seekp(at);
    file.put(static_cast<char>(old ^ 4));
    file.flush();
    EXPECT_FALSE(unit_complete(path)) << at;
    file.seekp(at);
    file.put(old);
  }
  EXPECT_TRUE(unit_complete(path));
}

TEST(UnitFile, AMissingOrCutUnitIsNotComplete) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "unit.h5";
  EXPECT_FALSE(unit_complete(path));
  write_unit(path, some_arrays());
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  EXPECT_FALSE(unit_complete(path));
  EXPECT_THROW(read_unit(path), Error);
}

}  // namespace
}  // namespace fdbench
