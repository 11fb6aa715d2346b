#include "results/result_writer.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "io/temporary_folder.h"
#include "results/result_reader.h"

namespace fdbench {
namespace {

const AxisSizes kSizes = {{'R', 2}, {'P', 3}, {'S', 4}, {'L', 5}};

TEST(ResultWriter, AppearsOnlyWhenComplete) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "out.h5";
  ResultWriter writer(path, kSizes, {});
  writer.write_runs(std::vector<RunRecord>(2));
  EXPECT_FALSE(std::filesystem::exists(path));
  writer.commit();
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_FALSE(std::filesystem::exists(temporary_result_path(path)));
}

TEST(ResultWriter, LeavesNothingWithoutACommit) {
  const TemporaryFolder folder;
  { ResultWriter writer(folder.path() / "out.h5", kSizes, {}); }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(ResultWriter, WhatItWritesIsRead) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "out.h5";
  {
    ResultWriter writer(path, kSizes, {{'P', 2}});
    writer.set_attribute("name", std::string("sweep"));
    std::vector<RunRecord> records(2);
    records[1].name = "second";
    writer.write_runs(records);
    writer.create("/plan/cells");
    writer.write("/plan/cells", {1, 0, 0}, at::ones({3, 5}, at::kByte));
    writer.write_scale('R', {"first", "second"});
    writer.write_scale('S');
    writer.commit();
  }
  const ResultSummary summary = read_summary(path);
  EXPECT_EQ(summary.attributes.at("name"), "sweep");
  EXPECT_EQ(summary.attributes.at("format"), "fdbench");
  EXPECT_EQ(summary.runs.at(1).name, "second");
  const Hdf5File file = Hdf5File::open(path);
  const at::Tensor cells = file.read("/plan/cells");
  EXPECT_EQ(cells[1][2][4].item<int>(), 1);
  EXPECT_EQ(cells[1][3][4].item<int>(), 255);  // a shorter run is padded
  EXPECT_EQ(cells[0][0][0].item<int>(), 255);
  EXPECT_TRUE(file.has("/scale/step"));
}

TEST(ResultWriter, NamesTheFileThatCannotBeMade) {
  try {
    ResultWriter writer("/nowhere/out.h5", kSizes, {});
    FAIL() << "made";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("/nowhere/"), std::string::npos);
    EXPECT_EQ(error.kind(), ErrorKind::kRuntime);
  }
}

TEST(ReadSummary, RefusesAForeignFile) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "other.h5";
  Hdf5File::create(path).close();
  EXPECT_THROW(read_summary(path), Error);
}

}  // namespace
}  // namespace fdbench
