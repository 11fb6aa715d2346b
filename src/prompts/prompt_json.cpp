#include "prompts/prompt_json.h"

#include <map>
#include <set>

#include "core/notes.h"
#include "io/json_text.h"
#include "io/text_file.h"

namespace fdbench {
namespace {

using Json = nlohmann::ordered_json;

/// An object that has a caption under one of the usual keys.
bool is_entry(const Json& json) {
  if (!json.is_object()) return false;
  for (const auto& [key, value] : json.items()) {
    if (is_caption_key(key) && value.is_string()) return true;
  }
  return false;
}

std::string text_under(const Json& entry, const char* key, const Place& place,
                       const std::string& name) {
  const auto found = entry.find(key);
  if (found == entry.end() || found->is_null()) return "";
  if (found->is_string()) return found->get<std::string>();
  throw usage_error(place, "the '" + std::string(key) + "' of " + name + " is not text");
}

/// `control` of an entry: a path or a list of paths, from the prompt file's folder.
std::vector<std::filesystem::path> control_of(const Json& entry, const Place& place,
                                              const std::string& name) {
  const auto found = entry.find("control");
  if (found == entry.end() || found->is_null()) return {};
  const Json list = found->is_array() ? *found : Json::array({*found});
  std::vector<std::filesystem::path> paths;
  for (const Json& path : list) {
    if (!path.is_string() || path.get<std::string>().empty()) {
      throw usage_error(place,
                        "the 'control' of " + name + " is neither a path nor a list of them");
    }
    paths.push_back(std::filesystem::path(place.file).parent_path() / path.get<std::string>());
  }
  if (paths.empty()) throw usage_error(place, "the 'control' of " + name + " is empty");
  return paths;
}

/// A text, or an object with one.
Prompt prompt_of(const Json& entry, const Place& place, const std::string& name) {
  if (entry.is_string()) return {entry.get<std::string>(), "", nullptr, {}};
  if (!is_entry(entry)) {
    throw usage_error(place, name +
                                 " is neither a text nor an object with a text 'caption', "
                                 "'text' or 'prompt'; " +
                                 kPromptFileHolds);
  }
  Prompt prompt;
  std::string taken;
  for (const auto& [key, value] : entry.items()) {
    if (!is_caption_key(key) || !value.is_string()) continue;
    if (!taken.empty() && prompt.caption != value.get<std::string>()) {
      throw usage_error(place, name + " has both '" + taken + "' and '" + key +
                                   "': leave the one that is the prompt");
    }
    taken = key;
    prompt.caption = value.get<std::string>();
  }
  prompt.file_name = text_under(entry, "file_name", place, name);
  prompt.control = control_of(entry, place, name);
  if (entry.contains("scene")) prompt.scene = nlohmann::json(entry["scene"]);
  return prompt;
}

PromptList prompts_of_list(const Json& list, const Place& place) {
  PromptCollector prompts;
  int number = 0;
  for (const Json& entry : list) {
    const std::string name = "prompt " + std::to_string(++number);
    prompts.add(prompt_of(entry, place, name), place, name);
  }
  return prompts.finish(place);
}

/// File names to captions.
PromptList prompts_by_file(const Json& json, const Place& place) {
  PromptCollector prompts;
  for (const auto& [file_name, entry] : json.items()) {
    const std::string name = "the prompt of '" + file_name + "'";
    Prompt prompt = prompt_of(entry, place, name);
    if (file_name.empty()) throw usage_error(place, "has a prompt for a file without a name");
    prompt.file_name = file_name;
    prompts.add(std::move(prompt), place, name);
  }
  return prompts.finish(place);
}

/// File names of COCO's images by their ids, which are numbers or texts.
std::map<std::string, std::string> image_names(const Json& json) {
  std::map<std::string, std::string> names;
  const auto images = json.find("images");
  if (images == json.end() || !images->is_array()) return names;
  for (const Json& image : *images) {
    if (!image.is_object() || !image.contains("id") || !image.contains("file_name")) continue;
    if (!image["file_name"].is_string()) continue;
    names[image["id"].dump()] = image["file_name"].get<std::string>();
  }
  return names;
}

PromptList prompts_of_coco(const Json& json, const Place& place) {
  const Json& annotations = json.at("annotations");
  const std::map<std::string, std::string> names = image_names(json);
  std::set<std::string> images;
  std::vector<Prompt> found;
  std::size_t num_named = 0;
  for (const Json& annotation : annotations) {
    const std::string name = "annotations[" + std::to_string(found.size()) + "]";
    if (!annotation.is_object() || !annotation.contains("caption") ||
        !annotation["caption"].is_string()) {
      throw usage_error(place, name +
                                   " has no text 'caption' (COCO's captions are in "
                                   "captions_*.json, its instances_*.json has none)");
    }
    Prompt& prompt = found.emplace_back();
    prompt.caption = annotation["caption"].get<std::string>();
    if (!annotation.contains("image_id")) continue;
    const std::string id = annotation["image_id"].dump();
    images.insert(id);
    const auto image = names.find(id);
    if (image == names.end()) continue;
    prompt.file_name = image->second;
    ++num_named;
  }
  PromptCollector prompts;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (num_named < found.size()) found[i].file_name.clear();
    prompts.add(std::move(found[i]), place, "annotations[" + std::to_string(i) + "]");
  }
  PromptList list = prompts.finish(place);
  const auto counted = [](std::size_t count, const std::string& noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
  };
  say_note(place, "COCO: " + counted(list.captions.size(), "caption") + " of " +
                      counted(images.size(), "picture") + ", all taken in the order of the file");
  return list;
}

bool maps_files(const Json& json) {
  if (!json.is_object() || json.empty()) return false;
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string() && !is_entry(value)) return false;
  }
  return true;
}

}  // namespace

PromptList prompts_of_json(const Json& json, const std::string& file) {
  const Place place{file};
  if (json.is_array()) return prompts_of_list(json, place);
  const auto list_under = [&](const char* key) {
    return json.is_object() && json.contains(key) && json[key].is_array();
  };
  if (list_under("prompts")) return prompts_of_list(json["prompts"], place);
  if (list_under("annotations")) return prompts_of_coco(json, place);
  if (is_entry(json)) return prompts_of_list(Json::array({json}), place);
  if (maps_files(json)) return prompts_by_file(json, place);
  throw usage_error(place, std::string("holds no prompts: ") + kPromptFileHolds);
}

PromptList prompts_of_json_lines(const std::string& text, const std::string& file) {
  PromptCollector prompts;
  for (const TextLine& line : text_lines(text)) {
    const Place place{file, line.number};
    if (is_blank(line.text)) {
      throw usage_error(place, "a blank line between prompts; the empty prompt is \"\"");
    }
    Json entry;
    try {
      entry = parse_ordered_json(line.text, file);
    } catch (const Error&) {
      // Once more with the lines before it, so that the place is that of the file.
      parse_ordered_json(std::string(static_cast<std::size_t>(line.number - 1), '\n') + line.text,
                         file);
      throw;
    }
    prompts.add(prompt_of(entry, place, "this line"), place, "this line");
  }
  return prompts.finish(Place{file});
}

}  // namespace fdbench
