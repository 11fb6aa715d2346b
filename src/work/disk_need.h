// What a sweep takes on the disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "tasks/task.h"
#include "work/prepared_sweep.h"
#include "work/work_units.h"

namespace fdbench {

/// The folder that is to hold the output, or the nearest above it that is there.
std::filesystem::path existing_folder(const std::filesystem::path& output);

/// Most and least that a sweep takes on the disk besides what is there already [bytes]: its missing
/// units and the result beside them. Pictures and features are compressed, which takes off no more
/// than kBestCompression.
struct DiskNeed {
  std::uint64_t least = 0, most = 0;
};

DiskNeed disk_need(const PreparedSweep& sweep, PictureSize picture,
                   const std::vector<WorkUnit>& missing);

/// Throws a runtime error with both numbers where the output's disk has no room for what the sweep
/// takes at least; a warning where it has less than it may take.
void check_disk(const std::filesystem::path& output, const DiskNeed& need);

}  // namespace fdbench
