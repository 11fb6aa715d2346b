// What `fdbench generate` draws with and of: the model's pipeline, and conditioning from prompts or
// classes.
#pragma once

#include <functional>
#include <memory>

#include "cli/generate_options.h"
#include "tasks/generation_inputs.h"

namespace fdbench {

/// A model that was opened, whatever it draws of.
struct OpenedPipeline {
  std::unique_ptr<PicturePipeline> pipeline;
  /// Of pictures of this size; guided: with an unconditional half. Throws what
  /// make_generation_inputs and make_class_inputs throw.
  std::function<GenerationInputs(PictureSize size, bool guided)> inputs;
};

/// True where the model draws classes. Throws a usage error for options of the other kind of
/// models, and for a folder that is neither.
bool draws_classes(const GenerateOptions& options, const ModelFolder& folder);

/// Its scheduler, after a look at what is to be drawn: warns of prompts that are cut.
FolderScheduler scheduler_for(const GenerateOptions& options, const ModelFolder& folder);

/// options must outlive what is returned.
OpenedPipeline open_pipeline(const GenerateOptions& options, const ModelFolder& folder,
                             const TaskOptions& task);

}  // namespace fdbench
