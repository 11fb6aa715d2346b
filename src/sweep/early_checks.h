// What can be known before the network runs, looked at before the first picture and in --dry-run.
#pragma once

#include <filesystem>

#include "judging/judges.h"
#include "tasks/text_to_image.h"
#include "work/disk_need.h"
#include "work/prepared_sweep.h"
#include "work/work_units.h"

namespace fdbench {

/// Height and width of the sweep's pictures [pixels], by the config of the folder's VAE.
PictureSize picture_size(const PreparedSweep& sweep, const std::vector<StageFolder>& folders);

/// Throws a usage error at the config for a sweep that decides while it measures: it cannot run in
/// parts.
void check_runs_in_shards(const Experiment& experiment);

/// Throws a usage error for a model folder that cannot make pictures of text.
void check_makes_pictures(const Experiment& experiment, const std::vector<StageFolder>& folders);

/// Throws where the output cannot be written: a usage error for a folder, a runtime error for a
/// place that is not writable. Writes nothing.
void check_output_place(const std::filesystem::path& output);

/// The folder, the control pictures, the output's place and its disk. missing: picture units that
/// are to be computed.
void check_before_pictures(const PreparedSweep& sweep, const std::vector<StageFolder>& folders,
                           const std::filesystem::path& output,
                           const std::vector<WorkUnit>& missing);

}  // namespace fdbench
