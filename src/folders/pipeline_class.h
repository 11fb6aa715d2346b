// What diffusers' pipeline classes are for.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace fdbench {

/// `_class_name` of a model_index.json; of a class that comes with the model, ["file", "Class"],
/// its name. "" where there is none.
std::string pipeline_class(const nlohmann::json& model_index);

/// Why the folder of a pipeline class is not one that fdbench draws with, such as "its denoiser is
/// a transformer, no UNet"; "" for classes whose parts draw a picture from a text with a
/// UNet2DConditionModel, and for classes that are not known.
std::string other_purpose(const std::string& class_name);

/// True for a class that is known to draw from a text alone, with the network called once a step as
/// StableDiffusionPipeline does.
bool draws_from_text(const std::string& class_name);

}  // namespace fdbench
