// The prompts of a file or a config, however they were written.
#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace fdbench {

struct PromptList {
  std::vector<std::string> captions;
  /// As long as captions, or empty: none has a scene.
  std::vector<nlohmann::json> scenes;
  /// Of the pictures that the captions belong to: as long as captions, or empty where the file does
  /// not say. A name may come several times (COCO has five captions a picture).
  std::vector<std::string> file_names;
  /// Control pictures of each prompt, one for each control network: as long as captions, or empty
  /// where the file has none.
  std::vector<std::vector<std::filesystem::path>> controls;

  /// Keeps the first `count` of all.
  void keep_first(std::size_t count);
};

/// One prompt as it stands somewhere.
struct Prompt {
  /// file_name "": not given.
  std::string caption, file_name;
  /// Null: none
  nlohmann::json scene;
  /// Pictures that control networks are shown, one a network.
  std::vector<std::filesystem::path> control = {};
};

/// Puts a list together. The one rule for blank prompts: an empty text ("") is the empty prompt; a
/// prompt of nothing but white space is a fault.
class PromptCollector {
 public:
  /// place, name ("prompt 3", counted from 1): for messages. Throws a usage error for a prompt of
  /// white space, for one with a NUL, and for a control picture that is not there.
  void add(Prompt prompt, const Place& place, const std::string& name);
  /// Throws a usage error at the place where some prompts have a file name, or control pictures,
  /// and others have none, and where there is no prompt.
  PromptList finish(const Place& place);

 private:
  PromptList list_;
  bool has_scenes_ = false;
  std::size_t num_named_ = 0, num_controlled_ = 0;
};

/// Whether a key or a column of this name holds prompts: caption, text, prompt, in any case, or
/// their plurals.
bool is_caption_key(std::string_view key);

/// What to say where a file holds something else.
extern const char* const kPromptFileHolds;

}  // namespace fdbench
