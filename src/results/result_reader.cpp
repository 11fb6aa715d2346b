#include "results/result_reader.h"

#include <sstream>

#include "core/error.h"
#include "results/attributes.h"
#include "results/hdf5.h"
#include "results/reading_notes.h"

namespace fdbench {

ResultSummary read_summary(const std::filesystem::path& path) {
  const Hdf5File file = Hdf5File::open(path);
  const Place place{path.string()};
  if (!file.has_attribute("/", "format") || file.attribute_text("/", "format") != kFormatName) {
    throw runtime_error(place, "an HDF5 file, but not a result of fdbench (no format 'fdbench')");
  }
  const std::string version = file.attribute_text("/", "schema_version");
  bool is_known = false;
  for (int known = kOldestSchemaVersion; known <= kSchemaVersion; ++known) {
    is_known = is_known || version == std::to_string(known);
  }
  if (!is_known) {
    throw runtime_error(place, "schema version " + version + ", this program reads versions " +
                                   std::to_string(kOldestSchemaVersion) + " to " +
                                   std::to_string(kSchemaVersion));
  }
  if (file.has_attribute("/", "shard")) {
    // "1/2"
    std::string part = file.attribute_text("/", "shard");
    const std::size_t slash = part.find('/');
    if (slash != std::string::npos) part.replace(slash, 1, " of ");
    throw usage_error(
        place, "is part " + part + " of a sweep; `fdbench merge OUT.h5 IN.h5...` joins the parts");
  }
  if (!file.has("/runs")) throw runtime_error(place, "damaged: it has no table /runs");
  ResultSummary summary;
  for (const char* name : kResultAttributes) {
    if (file.has_attribute("/", name)) summary.attributes[name] = file.attribute_text("/", name);
  }
  summary.runs = run_records(file.read_table("/runs"));
  summary.warnings = lines_of_no_numbers(summary.runs);
  for (const std::string& line : lines_of_bad_rows(file, summary.runs)) {
    summary.warnings.push_back(line);
  }
  std::istringstream stored(summary.attributes["warnings"]);
  for (std::string line; std::getline(stored, line);) summary.warnings.push_back(line);
  summary.disturbed = line_of_disturbed(file);
  return summary;
}

}  // namespace fdbench
