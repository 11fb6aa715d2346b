#include "tasks/open_task.h"

namespace fdbench {

std::unique_ptr<Task> open_task(const std::vector<StageFolder>& folders,
                                const TaskOptions& options) {
  if (folders.size() > 1) return std::make_unique<Cascade>(folders, options);
  return std::make_unique<TextToImagePipeline>(folders.at(0).folder, options);
}

}  // namespace fdbench
