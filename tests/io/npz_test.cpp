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

TEST(NpzFile, ReadsOnlyWhatIsAskedFor) {
  const TemporaryFolder folder;
  write_zip(folder / "a.npz", {{"junk.npy", npy("|O", "(1,)", "pickle")},
                               {"big.npy", npy(">i2", "(2,)", std::string("\x01\x02\xff\xff", 4))},
                               {"wide.npy", npy("<u2", "(1,)", "\xff\xff")},
                               {"notes.txt", "x"}});
  const NpzFile file(folder / "a.npz");
  EXPECT_EQ(file.names(), (std::vector<std::string>{"junk", "big", "wide"}));
  EXPECT_EQ(file.shape("big"), std::vector<std::int64_t>{2});
  EXPECT_EQ(file.read("big")[0].item<int>(), 0x0102);
  EXPECT_EQ(file.read("big")[1].item<int>(), -1);
  EXPECT_EQ(file.read("wide")[0].item<int>(), 65535);
  EXPECT_THAT(message_of([&] { file.read("junk"); }), HasSubstr("pickled"));
}

TEST(NpzFile, NamesFilesOfOtherKinds) {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& bytes) {
    const auto path = folder.write("a.npz", bytes);
    return message_of([&] { NpzFile{path}; });
  };
  EXPECT_THAT(message(std::string("\x80\x02", 2)), HasSubstr("never unpickled"));
  EXPECT_THAT(message("1,2"), HasSubstr("is no .npz or .npy file"));
  EXPECT_THAT(message(""), HasSubstr("empty"));
}

}  // namespace
}  // namespace fdbench
