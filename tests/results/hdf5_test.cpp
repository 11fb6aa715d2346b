#include "results/hdf5.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace fdbench {
namespace {

Hdf5File reopened(const Hdf5File& file) {
  static std::string image;
  image = file.image();
  return Hdf5File::open_image(image, "test.h5");
}

TEST(Hdf5File, KeepsArraysOfAllTypes) {
  Hdf5File file = Hdf5File::create_in_memory();
  for (const at::ScalarType dtype : {at::kDouble, at::kFloat, at::kLong, at::kInt, at::kByte}) {
    const at::Tensor values = at::arange(24, dtype).reshape({2, 3, 4});
    const std::string name = std::string("/group/") + at::toString(dtype);
    file.create_array(name, {.dtype = dtype, .shape = {2, 3, 4}, .chunk = {1, 3, 4}, .fill = 0});
    file.write(name, {}, values);
    const at::Tensor read = file.read(name);
    EXPECT_EQ(read.scalar_type(), dtype);
    EXPECT_TRUE(read.equal(values));
  }
}

TEST(Hdf5File, FillsWhatIsNotWritten) {
  Hdf5File file = Hdf5File::create_in_memory();
  file.create_array("/a", {.dtype = at::kByte, .shape = {2, 3}, .chunk = {1, 3}, .fill = 255});
  file.write("/a", {1, 1}, at::full({1, 2}, 7, at::kByte));
  const at::Tensor expected = at::tensor({255, 255, 255, 255, 7, 7}, at::kByte).reshape({2, 3});
  EXPECT_TRUE(file.read("/a").equal(expected));
}

TEST(Hdf5File, RefusesABoxThatDoesNotFit) {
  Hdf5File file = Hdf5File::create_in_memory();
  file.create_array("/a", {.dtype = at::kInt, .shape = {2}, .chunk = {}, .fill = 0});
  EXPECT_THROW(file.write("/a", {1}, at::zeros({2}, at::kInt)), Error);
}

TEST(Hdf5File, KeepsAttributesOfAnyLength) {
  Hdf5File file = Hdf5File::create_in_memory();
  const std::string text(200'000, 'x');  // more than an object header takes
  file.set_attribute("/", "text", text);
  file.set_attribute("/", "count", std::int64_t{-3});
  file.set_attribute("/", "scale", 0.1);
  file.set_attribute("/", "list", std::vector<std::string>{"a", "b"});
  const Hdf5File read = reopened(file);
  EXPECT_EQ(read.attribute_text("/", "text"), text);
  EXPECT_EQ(read.attribute_text("/", "count"), "-3");
  EXPECT_EQ(std::stod(read.attribute_text("/", "scale")), 0.1);
  EXPECT_EQ(read.attribute_text("/", "list"), "a, b");
  EXPECT_FALSE(read.has_attribute("/", "other"));
  EXPECT_THROW(read.attribute_text("/", "other"), Error);
}

TEST(Hdf5File, KeepsTables) {
  RecordTable table;
  table.columns = {{"name", ColumnType::kText, "", "who"},
                   {"count", ColumnType::kInt, "", "how many"},
                   {"time", ColumnType::kReal, "s", "how long"},
                   {"good", ColumnType::kBool, "", "whether"}};
  table.rows = {{std::string("Zürich"), std::int64_t{1} << 40, 0.5, true},
                {std::string(), std::int64_t{-1}, -1e300, false}};
  Hdf5File file = Hdf5File::create_in_memory();
  file.write_table("/runs", table);
  const RecordTable read = reopened(file).read_table("/runs");
  EXPECT_EQ(read.rows, table.rows);
  EXPECT_EQ(read.columns[2].name, "time");
  EXPECT_EQ(file.attribute_text("/runs", "help"), "who, how many, how long, whether");
}

TEST(Hdf5File, ListsItsDatasets) {
  Hdf5File file = Hdf5File::create_in_memory();
  file.create_array("/b/c", {.dtype = at::kInt, .shape = {1}, .chunk = {}, .fill = 0});
  file.write_names("/a", {"x", "yy"});
  EXPECT_EQ(file.datasets(), (std::vector<std::string>{"/a", "/b/c"}));
  EXPECT_TRUE(file.has("/b"));
  EXPECT_FALSE(file.has("/b/d"));
  EXPECT_FALSE(file.has("/c/d"));
}

TEST(Hdf5File, SaysInOneLineWhatIsNoHdf5) {
  try {
    Hdf5File::open_image("these are no results", "notes.txt");
    FAIL() << "opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kRuntime);
    EXPECT_EQ(std::string(error.what()).rfind("notes.txt: cannot be read as an HDF5 file", 0), 0u);
  }
}

TEST(Hdf5File, RefusesShapesThatNoFileOfItsSizeCouldHold) {
  Hdf5File file = Hdf5File::create_in_memory();
  file.create_array("/huge", {.dtype = at::kByte, .shape = {1 << 30, 1 << 30}, .chunk = {1, 64}});
  file.create_array("/none", {.dtype = at::kDouble, .shape = {0, 4}, .chunk = {}});
  EXPECT_THROW(file.read("/huge"), Error);
  EXPECT_EQ(file.read("/none").numel(), 0);
}

TEST(Hdf5File, RefusesADatasetWithoutShape) {
  Hdf5File file = Hdf5File::create_in_memory();
  const Hdf5Handle space(H5Screate(H5S_NULL), H5Sclose);
  const Hdf5Handle made(
      H5Dcreate2(file.id(), "/a", H5T_NATIVE_INT, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
      H5Dclose);
  EXPECT_THROW(file.read("/a"), Error);
}

TEST(Hdf5File, ReadsNoOtherFiles) {
  Hdf5File file = Hdf5File::create_in_memory();
  const hsize_t size = 1;
  const Hdf5Handle space(H5Screate_simple(1, &size, nullptr), H5Sclose);
  const Hdf5Handle outside(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_external(outside, "/etc/hostname", 0, 1);
  const Hdf5Handle made(
      H5Dcreate2(file.id(), "/a", H5T_NATIVE_UINT8, space, H5P_DEFAULT, outside, H5P_DEFAULT),
      H5Dclose);
  EXPECT_THROW(file.read("/a"), Error);
  EXPECT_LT(H5Lcreate_external("/tmp/other.h5", "/a", file.id(), "b", H5P_DEFAULT, H5P_DEFAULT), 0);
}

}  // namespace
}  // namespace fdbench
