// What a model folder is for: the one place that looks into model_index.json.
#pragma once

#include "folders/model_folder.h"
#include "tasks/task.h"

namespace fdbench {

/// Throws a usage error for a folder whose pipeline does something else than to draw from a text
/// (inpainting, upscaling, the SDXL refiner, ...) and says what it is; of a class that is not known
/// it says how it is used.
void check_draws_from_text(const ModelFolder& folder);

/// Throws a usage error for the SDXL refiner, which goes on from another model's latents.
void check_is_no_refiner(const ModelFolder& folder);

/// `force_zeros_for_empty_prompt` of the folder; true, as in diffusers, where it is missing.
bool zeros_for_empty_prompt(const ModelFolder& folder);

/// scheduler_config.json as diffusers' pipeline for this folder uses it (folders/load_rules.h).
/// Throws a usage error for a folder without one.
FolderScheduler scheduler_file(const ModelFolder& folder);

/// The same of a folder that draws from text. Throws a usage error for one whose pipeline does not.
FolderScheduler scheduler_config(const ModelFolder& folder);

}  // namespace fdbench
