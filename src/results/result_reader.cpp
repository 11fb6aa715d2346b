#include "results/result_reader.h"

#include "core/error.h"
#include "results/attributes.h"
#include "results/hdf5.h"

namespace fdbench {

ResultSummary read_summary(const std::filesystem::path& path) {
  const Hdf5File file = Hdf5File::open(path);
  const Place place{path.string()};
  if (!file.has_attribute("/", "format") || file.attribute_text("/", "format") != kFormatName) {
    throw runtime_error(place, "an HDF5 file, but not a result of fdbench (no format 'fdbench')");
  }
  const std::string version = file.attribute_text("/", "schema_version");
  if (version != std::to_string(kSchemaVersion)) {
    throw runtime_error(place, "schema version " + version + ", this program reads version " +
                                   std::to_string(kSchemaVersion));
  }
  if (file.has_attribute("/", "shard")) {
    throw usage_error(place, "is part " + file.attribute_text("/", "shard") +
                                 " of a sweep; `fdbench merge OUT.h5 IN.h5...` joins the parts");
  }
  if (!file.has("/runs")) throw runtime_error(place, "damaged: it has no table /runs");
  ResultSummary summary;
  for (const char* name : kResultAttributes) {
    if (file.has_attribute("/", name)) summary.attributes[name] = file.attribute_text("/", name);
  }
  summary.runs = run_records(file.read_table("/runs"));
  return summary;
}

}  // namespace fdbench
