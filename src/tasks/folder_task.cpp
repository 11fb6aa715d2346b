#include "tasks/folder_task.h"

#include "core/error.h"
#include "core/notes.h"
#include "folders/pipeline_class.h"

namespace fdbench {
namespace {

Place index_place(const ModelFolder& folder) {
  return {(folder.path() / "model_index.json").string()};
}

/// A truth of model_index.json. Throws a usage error for anything else under that key.
bool truth_of_index(const ModelFolder& folder, const char* key, bool otherwise) {
  const nlohmann::json& index = folder.index();
  if (!index.is_object() || !index.contains(key) || index[key].is_null()) return otherwise;
  if (index[key].is_boolean()) return index[key].get<bool>();
  throw usage_error(index_place(folder), "'" + std::string(key) + "': must be true or false");
}

}  // namespace

void check_draws_from_text(const ModelFolder& folder) {
  const std::string name = pipeline_class(folder.index());
  const Place place = index_place(folder);
  const bool is_known = name.empty() || draws_from_text(name);
  const std::string purpose = is_known ? "" : other_purpose(name);
  if (!purpose.empty()) {
    throw usage_error(place, "is of a " + name + ": " + purpose +
                                 "; fdbench draws pictures from text (StableDiffusionPipeline, "
                                 "StableDiffusionXLPipeline)");
  }
  if (!is_known) {
    say_warning(place,
                "is of a " + name + ": its parts are used as StableDiffusionPipeline uses them");
  }
}

void check_is_no_refiner(const ModelFolder& folder) {
  if (!truth_of_index(folder, "requires_aesthetics_score", false)) return;
  throw usage_error(index_place(folder),
                    "'requires_aesthetics_score': this is the SDXL refiner, which goes on from "
                    "the base model's latents and is not supported; use the base folder");
}

bool zeros_for_empty_prompt(const ModelFolder& folder) {
  return truth_of_index(folder, "force_zeros_for_empty_prompt", true);
}

FolderScheduler scheduler_config(const ModelFolder& folder) {
  check_draws_from_text(folder);
  return scheduler_file(folder);
}

FolderScheduler scheduler_file(const ModelFolder& folder) {
  if (!folder.has("scheduler")) {
    throw usage_error(
        {folder.path().string()},
        "has no scheduler/scheduler_config.json, which says on how much noise the model "
        "was trained; copy it from the model that this one was made of");
  }
  return {folder.config("scheduler"), folder.config_path("scheduler").string()};
}

}  // namespace fdbench
