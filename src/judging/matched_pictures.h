// Which picture belongs to which other picture, and to which prompt.
#pragma once

#include <string>
#include <vector>

#include "judging/picture_source.h"
#include "prompts/prompt_file.h"

namespace fdbench {

/// Brings pictures and those of another method into one order. Of two folders: by name, or where
/// the names differ by name without ending; else by place. Throws a usage error for pictures that
/// one side lacks (their names), names that share nothing, other numbers of pictures or sizes, and
/// result files of other prompts. -> "name" or "place".
std::string match_pairs(PictureSource& pictures, PictureSource& others);

/// Captions in the order of the pictures, and how they were found.
struct MatchedPrompts {
  std::vector<std::string> captions;
  /// "name": those of a list that names the pictures, "order": as they come.
  std::string by = {};
};

/// One caption a picture. Throws a usage error for other numbers, and for pictures that a list with
/// names does not name. file: for messages.
MatchedPrompts match_prompts(const PictureSource& pictures, const PromptList& prompts,
                             const std::filesystem::path& file);

}  // namespace fdbench
