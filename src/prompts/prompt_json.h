// Prompts in JSON and in JSON lines.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "prompts/prompt_list.h"

namespace fdbench {

/// A list of texts or of objects with 'caption', 'text' or 'prompt' (beside them, where known,
/// 'file_name', 'scene' and 'control'), alone or under 'prompts'; one such object; an object from
/// file names to captions or such objects; or COCO's captions: all annotations in the order of the
/// file, with the images' file names where all have one. Throws a usage error for anything else.
PromptList prompts_of_json(const nlohmann::ordered_json& json, const std::string& file);

/// A text or an object of that kind a line; a blank line between them is a fault.
PromptList prompts_of_json_lines(const std::string& text, const std::string& file);

}  // namespace fdbench
