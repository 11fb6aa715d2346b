// The task of a model.
#pragma once

#include <memory>
#include <vector>

#include "tasks/cascade.h"
#include "tasks/task.h"

namespace fdbench {

/// folders: of one stage, text to picture, or class to picture where its denoiser is a DiT; of
/// several, a cascade. What a folder is for is read from its model_index.json; one that no task
/// knows is a usage error that says what it is.
std::unique_ptr<Task> open_task(const std::vector<StageFolder>& folders,
                                const TaskOptions& options);

}  // namespace fdbench
