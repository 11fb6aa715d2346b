#include "cli/drawn_pictures.h"

#include <utility>

#include "core/error.h"
#include "denoisers/load_denoiser.h"
#include "tasks/folder_task.h"
#include "tasks/prompt_limits.h"

namespace fdbench {
namespace {

GenerationRequest request_of(const GenerateOptions& options, PictureSize size, bool guided) {
  GenerationRequest request;
  request.prompts = options.classes.empty() ? options.prompts : options.classes;
  request.negative_prompt = options.negative_prompt;
  request.clip_skip = options.clip_skip;
  request.guided = guided;
  request.size = size;
  if (!options.inputs.empty()) request.inputs.emplace(options.inputs);
  request.control_images = options.control.images;
  return request;
}

/// Binds a pipeline to the function that makes its inputs.
template <typename Pipeline, typename Make>
OpenedPipeline opened(std::unique_ptr<Pipeline> pipeline, const GenerateOptions& options,
                      const Make& make) {
  const Pipeline& bound = *pipeline;
  return {std::move(pipeline), [&options, &bound, make](PictureSize size, bool guided) {
            return make(bound, request_of(options, size, guided));
          }};
}

}  // namespace

bool draws_classes(const GenerateOptions& options, const ModelFolder& folder) {
  const Place place{folder.path().string()};
  if (denoiser_part(folder) != kTransformerPart) {
    if (options.classes.empty()) return false;
    throw usage_error(place, "draws from text: give --prompt in place of --class");
  }
  const std::pair<const char*, bool> of_text[] = {
      {"--prompt", !options.prompts.empty()},
      {"--negative-prompt", options.negative_prompt.has_value()},
      {"--clip-skip", options.clip_skip > 0},
      {"--controlnet", !options.control.folders.empty()}};
  for (const auto& [name, is_given] : of_text) {
    if (!is_given) continue;
    throw usage_error(
        place, std::string("draws classes: give --class 207, or a class by its name; ") + name +
                   " is for models that draw from text");
  }
  return true;
}

FolderScheduler scheduler_for(const GenerateOptions& options, const ModelFolder& folder) {
  if (draws_classes(options, folder)) return scheduler_file(folder);
  FolderScheduler scheduler = scheduler_config(folder);
  warn_of_cut_prompts(folder, options.prompts);
  if (options.negative_prompt) warn_of_cut_prompts(folder, {*options.negative_prompt});
  return scheduler;
}

OpenedPipeline open_pipeline(const GenerateOptions& options, const ModelFolder& folder,
                             const TaskOptions& task) {
  if (draws_classes(options, folder)) {
    return opened(std::make_unique<ClassToImagePipeline>(folder, task), options, make_class_inputs);
  }
  return opened(std::make_unique<TextToImagePipeline>(folder, task), options,
                make_generation_inputs);
}

}  // namespace fdbench
