#include "io/npz.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "io/temporary_folder.h"

namespace fdbench {
namespace {

using testing::HasSubstr;

/// A .npy file of version 1.
std::string npy(const std::string& descr, const std::string& shape, const std::string& data = "") {
  const std::string header =
      "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size());
  bytes += '\0';
  return bytes + header + data;
}

TEST(LoadNpz, ReadsWhatItWrote) {
  const TemporaryFolder folder;
  const NamedArrays arrays = {{"a", at::arange(6, at::kDouble).reshape({2, 3})},
                              {"b", at::zeros({2, 0}, at::kByte)}};
  save_npz(folder / "a.npz", arrays);
  const NamedArrays read = load_npz(folder / "a.npz");
  ASSERT_EQ(read.size(), 2);
  for (const auto& [name, values] : arrays) EXPECT_TRUE(read.at(name).equal(values)) << name;
}

TEST(LoadNpz, RefusesPickledObjects) {
  const TemporaryFolder folder;
  const auto path = folder.write("a.npy", npy("|O", "(1,)", "cos\nsystem\n(S'true'\ntR."));
  EXPECT_THAT(message_of([&] { load_npz(path); }), HasSubstr("pickled"));
}

TEST(LoadNpz, RefusesStridesBeyondAllNumbersOfAnEmptyArray) {
  const TemporaryFolder folder;
  const auto path = folder.write("a.npy", npy("<f4", "(0, 281474976710656, 281474976710656)"));
  EXPECT_THROW(load_npz(path), Error);
  EXPECT_EQ(load_npz(folder.write("b.npy", npy("<f4", "(0, 7)")))["arr_0"].size(1), 7);
}

}  // namespace
}  // namespace fdbench
