#include "gate/result_measures.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "io/temporary_folder.h"
#include "results/hdf5.h"
#include "results/result_reader.h"

namespace fdbench {
namespace {

/// A result file of one run with the given settings of it.
std::filesystem::path result_file(const TemporaryFolder& folder, const RunRecord& record,
                                  const std::string& run_settings) {
  Hdf5File file = Hdf5File::create(folder / "result.h5");
  file.set_attribute("/", "format", std::string(kFormatName));
  file.set_attribute("/", "schema_version", std::int64_t{kSchemaVersion});
  const nlohmann::json settings = {{"seed", "0"}, {"runs." + record.name, run_settings}};
  file.set_attribute("/", "settings", settings.dump());
  file.write_table("/runs", to_table(std::span(&record, 1)));
  const ArrayLayout layout{.dtype = at::kLong, .shape = {1, 2, 3, 4}, .chunk = {}};
  file.create_array("/features/mse", layout);
  file.write("/features/mse", {}, at::ones({1, 2, 3, 4}, at::kLong));
  file.close();
  return folder / "result.h5";
}

TEST(ReadMeasures, TakesTextThatIsNotUtf8AndWholeNumbers) {
  const TemporaryFolder folder;
  RunRecord record;
  record.name = "full";
  record.sampler = "dd\xffim";
  const ResultMeasures measures = read_measures(result_file(folder, record, R"({"steps":3})"));
  ASSERT_EQ(measures.runs.size(), 1);
  EXPECT_EQ(nlohmann::json::parse(measures.runs[0].identity)["sampler"], "dd\xEF\xBF\xBDim");
}

TEST(ReadMeasures, LeavesOutSettingsThatAreNestedTooDeeply) {
  const TemporaryFolder folder;
  RunRecord record;
  record.name = "full";
  const std::string nested = std::string(30'000, '[') + std::string(30'000, ']');
  const std::string settings = R"({"deep":)" + nested + "}";
  const ResultMeasures measures = read_measures(result_file(folder, record, settings));
  EXPECT_FALSE(nlohmann::json::parse(measures.runs.at(0).identity).contains("deep"));
}

}  // namespace
}  // namespace fdbench
