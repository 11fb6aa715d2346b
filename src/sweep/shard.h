// A sweep in parts that need not know of each other: which part makes which unit, and the file that
// carries the units of one part to the merge.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "results/hdf5.h"
#include "sweep/unit_folder.h"
#include "work/work_units.h"

namespace fdbench {

/// Part `number` of `count`, counted from 1; 1 of 1 is the whole sweep.
struct Shard {
  int number = 1, count = 1;

  bool whole() const { return count == 1; }
  /// "2/3"
  std::string text() const;
};

/// "2/3". Throws a usage error for anything else, and for numbers that do not fit.
Shard parse_shard(const std::string& text);

/// The shard's units, in their order. Shard 1 has all timing rounds: times of two machines do not
/// belong into one median, and ratios within a round need all runs beside each other. Pictures are
/// dealt in their order, each chunk to the shard that has least to do so far (by multiply-adds).
/// The same config gives the same shares everywhere.
std::vector<WorkUnit> units_of_shard(const std::vector<WorkUnit>& units, const Shard& shard);

/// What a shard file says about itself.
struct ShardInfo {
  std::filesystem::path path;
  Shard shard;
  Settings settings;
  std::string config_text, config_path;
  int num_threads = 0;
  /// Of the machine that computed it.
  std::vector<std::pair<std::string, Attribute>> provenance;
  /// Hashes
  std::vector<std::string> units;
};

/// Name that a shard's file has without --out: "results/ablation.shard-2-of-3.h5".
std::filesystem::path shard_path(const std::filesystem::path& output, const Shard& shard);

/// Writes the complete units of a shard into one file, whole or not at all.
void write_shard(const ShardInfo& info, const UnitFolder& folder,
                 const std::vector<WorkUnit>& units);

/// Throws one line that names the file when it is missing, damaged or no shard.
ShardInfo read_shard_info(const std::filesystem::path& path);

/// The settings of a file that `fdbench run` wrote: a result or, for a shard that is not whole, the
/// file of that part. Throws a usage error for another part's.
Settings settings_of_file(const std::filesystem::path& path, const Shard& shard);

/// The bytes of one unit's file. Throws a runtime error when they do not fit their checksum.
std::string read_shard_unit(const std::filesystem::path& path, const std::string& hash);

}  // namespace fdbench
