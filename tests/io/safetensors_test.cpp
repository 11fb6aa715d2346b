#include "io/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "core/error.h"
#include "io/temporary_folder.h"

namespace fdbench {
namespace {

using testing::HasSubstr;

/// A file of the given header and `data_bytes` zeros.
std::string file_of(const std::string& header, std::size_t data_bytes) {
  const std::uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + std::string(data_bytes, '\0');
}

std::string entry(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

TEST(SafetensorsFile, GivesBackWhatWasSaved) {
  const TemporaryFolder folder;
  std::map<std::string, at::Tensor> tensors;
  for (const at::ScalarType dtype : {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kLong,
                                     at::kInt, at::kShort, at::kChar, at::kByte, at::kBool}) {
    tensors[at::toString(dtype)] = at::arange(6).reshape({2, 3}).remainder(2).to(dtype);
  }
  tensors["scalar"] = at::full({}, 3.5);
  tensors["empty"] = at::empty({0, 4});
  tensors["transposed"] = at::arange(6.0).reshape({2, 3}).t();
  save_safetensors(folder / "a.safetensors", tensors, {{"format", "pt"}});
  const SafetensorsFile file(folder / "a.safetensors");
  EXPECT_EQ(file.names().size(), tensors.size());
  EXPECT_EQ(file.metadata().at("format"), "pt");
  for (const auto& [name, tensor] : tensors) {
    EXPECT_EQ(file.tensor(name).scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(at::equal(file.tensor(name), tensor)) << name;
  }
}

TEST(SafetensorsFile, ReadsLargeTensorsIntoAnyDtype) {
  const TemporaryFolder folder;
  const at::Tensor first = at::randn({700, 301}), second = at::randn({123'457});
  save_safetensors(folder / "a", {{"first", first}, {"second", second.to(at::kHalf)}});
  const SafetensorsFile file(folder / "a");
  for (const at::ScalarType dtype : {at::kFloat, at::kHalf, at::kBFloat16, at::kDouble}) {
    at::Tensor out = at::empty({700, 301}, dtype);
    file.read("first", out);
    EXPECT_TRUE(at::equal(out, first.to(dtype))) << dtype;
    out = at::empty({123'457}, dtype);
    file.read("second", out);
    EXPECT_TRUE(at::equal(out, second.to(at::kHalf).to(dtype))) << dtype;
  }
}

TEST(SafetensorsFile, NamesAFileThatWasCutMeanwhile) {
  const TemporaryFolder folder;
  save_safetensors(folder / "a", {{"x", at::ones({1'000'000})}});
  const SafetensorsFile file(folder / "a");
  std::filesystem::resize_file(folder / "a", 2'000'000);
  at::Tensor out = at::empty({1'000'000});
  EXPECT_THAT(message_of([&] { file.read("x", out); }),
              HasSubstr("a: has become shorter than it was when it was opened (4000"));
}

TEST(SafetensorsFile, TensorOutlivesTheFile) {
  const TemporaryFolder folder;
  save_safetensors(folder / "a.safetensors", {{"x", at::ones({1000})}});
  const at::Tensor x = SafetensorsFile(folder / "a.safetensors").tensor("x");
  std::filesystem::remove(folder / "a.safetensors");
  EXPECT_EQ(x.sum().item<double>(), 1000);
}

TEST(SafetensorsFile, ReadsOddOffsets) {
  const TemporaryFolder folder;
  const auto path = folder.write("a", file_of(R"({"a":)" + entry("U8", "[1]", "[0,1]") +
                                                  R"(,"b":)" + entry("F32", "[2]", "[1,9]") + "}",
                                              9));
  EXPECT_TRUE(at::equal(SafetensorsFile(path).tensor("b"), at::zeros({2})));
}

TEST(SafetensorsFile, NamesTheNearestTensor) {
  const TemporaryFolder folder;
  save_safetensors(folder / "a", {{"sample", at::ones({1})}});
  const SafetensorsFile file(folder / "a");
  EXPECT_THAT(message_of([&] { file.tensor("sampel"); }),
              HasSubstr("has no tensor 'sampel', did you mean 'sample'?"));
}

struct Fault {
  const char* name;
  std::string bytes;
  const char* message;
};

class SafetensorsFault : public testing::TestWithParam<Fault> {};

TEST_P(SafetensorsFault, IsNamed) {
  const TemporaryFolder folder;
  const auto path = folder.write("a.safetensors", GetParam().bytes);
  try {
    const SafetensorsFile file(path);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(GetParam().message));
    EXPECT_THAT(error.what(), HasSubstr(path.string()));
    EXPECT_EQ(error.exit_code(), 3);
  }
}

std::string one(const std::string& dtype, const std::string& shape, const std::string& offsets,
                std::size_t data_bytes) {
  return file_of(R"({"x":)" + entry(dtype, shape, offsets) + "}", data_bytes);
}
std::string two(const std::string& first, const std::string& second, std::size_t data_bytes) {
  return file_of(
      R"({"x":)" + entry("U8", "[4]", first) + R"(,"y":)" + entry("U8", "[4]", second) + "}",
      data_bytes);
}
std::string repeated(const std::string& text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

INSTANTIATE_TEST_SUITE_P(
    Files, SafetensorsFault,
    testing::Values(
        Fault{"empty", "", "is 0 bytes long"}, Fault{"short", "abc", "is 3 bytes long"},
        Fault{"length", std::string(16, '\xff'), "the file has 16 in all"},
        Fault{"text", "a text file, no tensors", "truncated, damaged or no safetensors file"},
        Fault{"json", file_of("{\"x\":", 0), "header is not JSON"},
        Fault{"list", file_of("[]", 0), "no JSON object"},
        Fault{"entry", file_of(R"({"x":3})", 0), "tensor 'x' has no dtype"},
        Fault{"dtype", one("F33", "[1]", "[0,4]", 4), "tensor 'x' has the dtype 'F33'"},
        Fault{"negative", one("F32", "[-1]", "[0,4]", 4), "shape must be a list of whole numbers"},
        Fault{"fraction", one("F32", "[1.5]", "[0,4]", 4), "shape must be a list of whole numbers"},
        Fault{"huge", one("F32", "[4294967296,4294967296]", "[0,4]", 4), "too large"},
        Fault{"outside", one("F32", "[2]", "[0,8]", 4), "lie outside the file, which holds 4"},
        Fault{"backwards", one("F32", "[1]", "[4,0]", 4), "end before they begin"},
        Fault{"size", one("F32", "[1]", "[0,8]", 8), "span 8 bytes, shape and dtype want 4"},
        Fault{"pair", one("F32", "[1]", "[0]", 4), "must be [begin, end]"},
        Fault{"overlap", two("[0,4]", "[2,6]", 6), "tensor 'y' overlaps tensor 'x'"},
        Fault{"hole", two("[0,4]", "[6,10]", 10), "tensor 'y' begins 2 bytes behind"},
        Fault{"trailing", one("F32", "[1]", "[0,4]", 7), "3 bytes behind the last tensor"},
        Fault{"metadata", file_of(R"({"__metadata__":{"a":1}})", 0), "must be a text"},
        Fault{"strides", one("F32", "[0,4611686018427387904,4]", "[0,0]", 0), "too large"},
        Fault{"axes", one("U8", "[1" + repeated(",1", 64) + "]", "[0,1]", 1), "more axes"},
        Fault{"nested", file_of(repeated("{\"x\":[", 100'000), 0), "nested too deeply"}),
    [](const auto& info) { return info.param.name; });

TEST(SafetensorsFile, SurvivesAnyByteOfTheHeader) {
  const TemporaryFolder folder;
  const std::string whole = two("[0,4]", "[4,8]", 8);
  for (std::size_t at = 0; at + 8 < whole.size(); ++at) {
    for (const char byte : {'\0', '"', '9', '-', '}', '\xff'}) {
      std::string damaged = whole;
      damaged[at] = byte;
      try {
        const SafetensorsFile file(folder.write("a", damaged));
        for (const std::string& name : file.names()) EXPECT_EQ(file.tensor(name).numel(), 4);
      } catch (const Error&) {  // any other exception fails the test
      }
    }
  }
}

TEST(SaveSafetensors, LeavesNothingBehindWhenItFails) {
  const TemporaryFolder folder;
  EXPECT_THAT(message_of([&] {
                save_safetensors(folder / "no/a", {{"x", at::ones({1})}});
              }),
              HasSubstr("cannot create: No such file or directory; the folder must exist"));
  EXPECT_THAT(message_of([&] {
                save_safetensors(folder.path(), {{"x", at::ones({1})}});
              }),
              HasSubstr("is a folder"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(SaveSafetensors, ReportsAFullDisk) {
  EXPECT_THAT(message_of([] {
                save_safetensors("/dev/full", {{"x", at::ones({1})}});
              }),
              HasSubstr("/dev/full: cannot write: No space left on device"));
}

}  // namespace
}  // namespace fdbench
