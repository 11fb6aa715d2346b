#include "sweep/early_checks.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "core/error.h"

namespace fdbench {
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

void check_makes_pictures(const Experiment& experiment, const std::vector<StageFolder>& folders) {
  const bool draws_classes = experiment.drawn_from == kClassesKey;
  for (const char* part : {"vae", "text_encoder", "tokenizer"}) {
    // The first stage's text and the last stage's VAE are those of all.
    const bool is_vae = std::string_view(part) == "vae";
    const ModelFolder& folder = is_vae ? folders.back().folder : folders.front().folder;
    if (folder.has(part) || folder.synthetic() || (draws_classes && !is_vae)) continue;
    throw usage_error({folder.path().string()},
                      std::string("has no ") + part + "/: a sweep makes pictures of " +
                          (draws_classes ? "classes, which needs transformer/ and vae/"
                                         : "prompts, which needs unet/, vae/, text_encoder/ and "
                                           "tokenizer/"));
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

namespace {

/// Throws a usage error for a control picture that a network cannot be shown.
void check_control_pictures(const ControlSettings& controls, PictureSize size) {
  for (std::size_t i = 0; i < controls.images.size(); ++i) {
    for (const std::filesystem::path& image : controls.images[i]) {
      load_control_picture(image, size, controls.networks[i].preprocessing);
    }
  }
}

}  // namespace

void check_before_pictures(const PreparedSweep& sweep, const std::vector<StageFolder>& folders,
                           const std::filesystem::path& output,
                           const std::vector<WorkUnit>& missing) {
  check_makes_pictures(sweep.experiment, folders);
  check_control_pictures(sweep.experiment.controls, picture_size(sweep, folders));
  check_output_place(output);
  check_disk(output, disk_need(sweep, picture_size(sweep, folders), missing));
}

}  // namespace fdbench
