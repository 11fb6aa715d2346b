#include "sweep/early_checks.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "core/error.h"
#include "core/notes.h"

namespace fdbench {
namespace {

/// Of drawn pictures and of features that are held.
constexpr std::uint64_t kBestCompression = 8;
/// Of each watched output, 8 bytes each.
constexpr std::int64_t kStatistics = 4;
/// [bytes]
constexpr double kMB = 1e6;

/// The folder that is there, or the nearest above it that is.
std::filesystem::path existing_folder(const std::filesystem::path& output) {
  std::filesystem::path folder = std::filesystem::absolute(output).parent_path();
  std::error_code ignored;
  while (!std::filesystem::exists(folder, ignored) && folder != folder.parent_path()) {
    folder = folder.parent_path();
  }
  return folder;
}

std::string megabytes(std::uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g MB", static_cast<double>(bytes) / kMB);
  return text;
}

}  // namespace

PictureSize picture_size(const PreparedSweep& sweep, const std::vector<StageFolder>& folders) {
  const std::int64_t factor = picture_factor(folders.back().folder);
  const std::vector<std::int64_t>& shape = sweep.stages.back().latent_shape;
  return {.height = shape[1] * factor, .width = shape[2] * factor};
}

void check_runs_in_shards(const Experiment& experiment) {
  const Place place{experiment.config_path.string()};
  if (experiment.timing.is_open()) {
    throw usage_error(place,
                      "timing.repeats decides while it measures, so the sweep cannot run in "
                      "shards; name the 'rounds'");
  }
  if (experiment.equal_time.wanted()) {
    throw usage_error(place,
                      "equal_time measures before it plans, so the sweep cannot run in shards");
  }
  for (const RunSpec& run : experiment.runs) {
    if (run.execution != Execution::kAuto) continue;
    throw usage_error(run.place,
                      "execution: auto measures before it plans, so the sweep cannot run in "
                      "shards; name the execution");
  }
}

void check_makes_pictures(const std::vector<StageFolder>& folders) {
  for (const char* part : {"vae", "text_encoder", "tokenizer"}) {
    // The first stage's text and the last stage's VAE are those of all.
    const bool is_vae = std::string_view(part) == "vae";
    const ModelFolder& folder = is_vae ? folders.back().folder : folders.front().folder;
    if (folder.has(part) || folder.synthetic()) continue;
    throw usage_error({folder.path().string()},
                      std::string("has no ") + part +
                          "/: a sweep makes pictures of prompts, which needs unet/, vae/, "
                          "text_encoder/ and tokenizer/");
  }
}

void check_output_place(const std::filesystem::path& output) {
  const Place place{output.string()};
  std::error_code ignored;
  if (std::filesystem::is_directory(output, ignored)) {
    throw usage_error(place, "is a folder; --out wants the name of a file in it");
  }
  const std::filesystem::path folder = existing_folder(output);
  if (!std::filesystem::is_directory(folder, ignored)) {
    throw runtime_error(place, "cannot be written: " + folder.string() + " is not a folder");
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    throw runtime_error(
        place, "cannot be written: the folder " + folder.string() + ": " + std::strerror(errno));
  }
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
  const std::uint64_t outputs = (in_units + in_result) * features;
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

void check_before_pictures(const PreparedSweep& sweep, const std::vector<StageFolder>& folders,
                           const std::filesystem::path& output,
                           const std::vector<WorkUnit>& missing) {
  check_makes_pictures(folders);
  check_output_place(output);
  check_disk(output, disk_need(sweep, picture_size(sweep, folders), missing));
}

}  // namespace fdbench
