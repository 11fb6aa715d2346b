// Files of prompts.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "prompts/prompt_list.h"

namespace fdbench {

/// Prompts of a file, whose content decides what it is: JSON or JSON lines (`prompts_of_json`), a
/// table (.csv, .tsv, or tabs in a first line that names a column of prompts), else one prompt a
/// line: blank lines at the end are none, a blank one between prompts is a fault. Throws a usage
/// error that names file and line, also for what is no UTF-8 text.
PromptList prompts_of_file(const std::filesystem::path& path);

/// The same of the content.
PromptList prompts_of_text(const std::string& text, const std::filesystem::path& path);

/// The captions alone.
std::vector<std::string> captions_of_file(const std::filesystem::path& path);

}  // namespace fdbench
