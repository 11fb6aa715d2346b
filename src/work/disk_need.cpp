#include "work/disk_need.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <cstdio>

#include "core/error.h"
#include "core/notes.h"
#include "work/drawn_steps.h"

namespace fdbench {
namespace {

/// Of drawn pictures and of features that are held.
constexpr std::uint64_t kBestCompression = 8;
/// Of each watched output, 8 bytes each.
constexpr std::int64_t kStatistics = 4;
/// [bytes]
constexpr double kMB = 1e6;

std::string megabytes(std::uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g MB", static_cast<double>(bytes) / kMB);
  return text;
}

/// Pictures of the first ones, in the units to come and in the result.
std::int64_t num_first(const PreparedSweep& sweep, const std::vector<WorkUnit>& missing,
                       std::int64_t wanted) {
  const auto runs = static_cast<std::int64_t>(sweep.runs.size());
  std::int64_t count = runs * std::min(wanted, sweep.experiment.num_pictures());
  for (const WorkUnit& unit : missing) {
    count += std::clamp<std::int64_t>(wanted - unit.first, 0, unit.count);
  }
  return count;
}

/// What is drawn of the first pictures, in units and result [bytes].
std::int64_t drawn_bytes(const PreparedSweep& sweep, const std::vector<WorkUnit>& missing,
                         std::int64_t latent_pixels, std::int64_t picture_pixels) {
  const Experiment& experiment = sweep.experiment;
  const auto columns = static_cast<std::int64_t>(pca_columns(sweep).size());
  return 3 * (num_first(sweep, missing, experiment.features.pca.pictures) * columns *
                  num_pca_steps(sweep) * latent_pixels +
              num_first(sweep, missing, experiment.pictures.predicted.pictures) *
                  num_predicted_steps(sweep) * picture_pixels);
}

}  // namespace

std::filesystem::path existing_folder(const std::filesystem::path& output) {
  std::filesystem::path folder = std::filesystem::absolute(output).parent_path();
  std::error_code ignored;
  while (!std::filesystem::exists(folder, ignored) && folder != folder.parent_path()) {
    folder = folder.parent_path();
  }
  return folder;
}

DiskNeed disk_need(const PreparedSweep& sweep, PictureSize picture,
                   const std::vector<WorkUnit>& missing) {
  const Experiment& experiment = sweep.experiment;
  const auto size = [](std::int64_t bytes) { return static_cast<std::uint64_t>(bytes); };
  const std::vector<std::int64_t>& latent = sweep.stages.back().latent_shape;
  const std::uint64_t latents = size(latent[0] * latent[1] * latent[2] * 4);
  const std::uint64_t image = size(picture.height * picture.width * 3);
  const std::uint64_t features =
      size(sweep.num_steps() * static_cast<std::int64_t>(sweep.watched.size()) * kStatistics * 8);
  std::int64_t to_make = 0;
  for (const WorkUnit& unit : missing) to_make += unit.count;
  const std::int64_t runs = static_cast<std::int64_t>(sweep.runs.size());
  const std::int64_t all = runs * experiment.num_pictures();
  const std::int64_t keep = experiment.pictures.keep;
  const std::int64_t kept =
      runs * (keep < 0 ? experiment.num_pictures() : std::min(keep, experiment.num_pictures()));
  const std::uint64_t in_units = size(to_make), in_result = size(all);
  DiskNeed need;
  // Latents are as random as noise: they hardly become smaller.
  const std::uint64_t as_noise = (in_units + in_result) * latents / 10 * 8;
  const std::uint64_t pictures = (in_units + size(kept)) * image;
  const std::uint64_t outputs =
      (in_units + in_result) * features +
      size(drawn_bytes(sweep, missing, latent[1] * latent[2], picture.height * picture.width));
  need.least = as_noise + (pictures + outputs) / kBestCompression;
  need.most = as_noise / 8 * 10 + pictures + outputs;
  return need;
}

void check_disk(const std::filesystem::path& output, const DiskNeed& need) {
  const std::filesystem::path folder = existing_folder(output);
  struct statvfs disk {};
  // It does not say.
  if (::statvfs(folder.c_str(), &disk) != 0 || disk.f_blocks == 0) return;
  const std::uint64_t free = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  const Place place{output.string()};
  const std::string remedy =
      ": make room, give --out on another disk, or keep less (pictures: {keep: 8}, features: "
      "false)";
  if (free < need.least) {
    throw runtime_error(place, "the disk is too small: the sweep takes at least " +
                                   megabytes(need.least) + ", " + megabytes(free) +
                                   " are free in " + folder.string() + remedy);
  }
  if (free < need.most) {
    say_warning(place, "the disk may become full: the sweep takes up to " + megabytes(need.most) +
                           ", " + megabytes(free) + " are free in " + folder.string() + remedy);
  }
}

}  // namespace fdbench
