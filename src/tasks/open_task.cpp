#include "tasks/open_task.h"

#include "tasks/class_to_image.h"

namespace fdbench {

std::unique_ptr<Task> open_task(const std::vector<StageFolder>& folders,
                                const TaskOptions& options) {
  if (folders.size() > 1) return std::make_unique<Cascade>(folders, options);
  if (denoiser_part(folders.at(0).folder) == kTransformerPart) {
    return std::make_unique<ClassToImagePipeline>(folders[0].folder, options);
  }
  TaskOptions with_controls = options;
  with_controls.controls = folders.at(0).controls;
  return std::make_unique<TextToImagePipeline>(folders.at(0).folder, with_controls);
}

}  // namespace fdbench
