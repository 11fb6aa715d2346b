#include "prompts/prompt_list.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "io/text_file.h"

namespace fdbench {

const char* const kPromptFileHolds =
    "a prompt file holds one prompt a line; or in JSON a list of texts or of objects with "
    "'caption', 'text' or 'prompt', alone or under 'prompts', an object from file names to "
    "captions, or COCO's captions (annotations[].caption); or JSON lines of the same; or a .csv or "
    ".tsv with a column of such a name";

void PromptList::keep_first(std::size_t count) {
  captions.resize(count);
  if (!scenes.empty()) scenes.resize(count);
  if (!file_names.empty()) file_names.resize(count);
  if (!controls.empty()) controls.resize(count);
}

void PromptCollector::add(Prompt prompt, const Place& place, const std::string& name) {
  if (!prompt.caption.empty() && is_blank(prompt.caption)) {
    throw usage_error(place, name + " holds nothing but white space; the empty prompt is \"\"");
  }
  if (prompt.caption.find('\0') != std::string::npos) {
    throw usage_error(place, name + " holds a NUL, which no text has");
  }
  for (const std::filesystem::path& control : prompt.control) {
    std::error_code ignored;
    if (std::filesystem::is_regular_file(control, ignored)) continue;
    throw usage_error(place, "the control picture of " + name + ", " + control.string() +
                                 ", is not there or no file");
  }
  has_scenes_ |= !prompt.scene.is_null();
  num_controlled_ += !prompt.control.empty();
  num_named_ += !prompt.file_name.empty();
  list_.captions.push_back(std::move(prompt.caption));
  list_.scenes.push_back(std::move(prompt.scene));
  list_.controls.push_back(std::move(prompt.control));
  list_.file_names.push_back(std::move(prompt.file_name));
}

namespace {

/// Throws a usage error unless all prompts have it, or none. first_without: index of a prompt.
void check_all_or_none(std::size_t num_with, std::size_t count, std::ptrdiff_t first_without,
                       const std::string& what, const Place& place) {
  if (num_with == 0 || num_with == count) return;
  throw usage_error(place, std::to_string(num_with) + " of " + std::to_string(count) +
                               " prompts have " + what + ", prompt " +
                               std::to_string(first_without + 1) +
                               " has none: give it to all or to none");
}

}  // namespace

PromptList PromptCollector::finish(const Place& place) {
  if (list_.captions.empty()) throw usage_error(place, "holds no prompt");
  const std::size_t count = list_.captions.size();
  const auto unnamed = std::find(list_.file_names.begin(), list_.file_names.end(), "");
  check_all_or_none(num_named_, count, unnamed - list_.file_names.begin(), "a file_name", place);
  const auto bare =
      std::find_if(list_.controls.begin(), list_.controls.end(),
                   [](const std::vector<std::filesystem::path>& images) { return images.empty(); });
  check_all_or_none(num_controlled_, count, bare - list_.controls.begin(), "a control picture",
                    place);
  if (num_controlled_ == 0) list_.controls.clear();
  if (num_named_ == 0) list_.file_names.clear();
  if (!has_scenes_) list_.scenes.clear();
  return std::move(list_);
}

bool is_caption_key(std::string_view key) {
  std::string word(key);
  for (char& letter : word) {
    letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  }
  constexpr std::array<std::string_view, 6> kWords = {"caption", "captions", "text",
                                                      "texts",   "prompt",   "prompts"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

}  // namespace fdbench
