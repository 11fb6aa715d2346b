// The folder beside a result file in which complete work units wait for the rest: `<out>.units`.
#pragma once

#include <filesystem>

#include "results/settings.h"
#include "results/unfinished_sweep.h"
#include "results/unit_file.h"
#include "work/work_units.h"

namespace fdbench {

/// Locked while it lives, so that two programs never work on the same output.
class UnitFolder {
 public:
  /// Makes or takes over the folder. With `fresh`, units that are there go; otherwise a folder of
  /// other settings is a usage error that names what changed (more or fewer timing rounds are no
  /// change: rounds are units of their own). Leftovers of a killed program go. Runtime errors: the
  /// folder cannot be written; another program has it.
  UnitFolder(const std::filesystem::path& output, const Settings& settings, bool fresh);
  /// A folder in which no unit was completed goes.
  ~UnitFolder();
  UnitFolder(const UnitFolder&) = delete;
  UnitFolder& operator=(const UnitFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path file(const WorkUnit& unit) const { return path_ / unit.file_name(); }
  /// Removes the folder and all in it.
  void remove();

 private:
  void lock();
  void clear(bool units_too);

  std::filesystem::path output_, path_;
  int lock_ = -1;
};

/// How many of the units stand in the folder whole.
std::int64_t count_complete(const std::vector<WorkUnit>& units,
                            const std::filesystem::path& folder);

/// True when a folder of units of these settings stands beside the output: a sweep was begun and
/// not finished.
bool has_begun(const std::filesystem::path& output, const Settings& settings);

/// Removes the folder of a sweep that was merged and then killed before it could tidy up; one of
/// other settings with units in it, and one that another program has, stays.
void remove_leftovers(const std::filesystem::path& output, const Settings& settings);

}  // namespace fdbench
