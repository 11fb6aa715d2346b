#include "config/prompt_config.h"

#include "config/judge_config.h"
#include "prompts/prompt_file.h"

namespace fdbench {
namespace {

/// {prompt: TEXT, control: FILE or a list of them}.
Prompt prompt_of_map(const ConfigValue& value, const std::filesystem::path& config) {
  ConfigMap map(value);
  Prompt prompt{map.at("prompt").tree().scalar, "", nullptr, {}};
  if (map.has("control")) {
    const ConfigValue control = map.at("control");
    const auto items = control.is_list() ? control.list() : std::vector<ConfigValue>{control};
    for (const ConfigValue& path : items) prompt.control.push_back(locate(path.text(), config));
  }
  map.finish();
  return prompt;
}

PromptList prompts_of_list(const ConfigValue& value, const std::filesystem::path& config) {
  PromptCollector prompts;
  for (const ConfigValue& item : value.list()) {
    const std::string name = "'" + item.path() + "'";
    const bool is_map = item.is_map() && item.tree().find("prompt") != nullptr;
    if (!item.is_scalar() && !is_map) {
      throw item.error(name + " must be a text, not " + kind_name(item.tree()) +
                       "; the empty prompt is \"\", and a text with ': ' in it stands in quotes");
    }
    if (is_map) {
      prompts.add(prompt_of_map(item, config), item.place(), name);
    } else {
      prompts.add({item.tree().scalar, "", nullptr, {}}, item.place(), name);
    }
  }
  return prompts.finish(value.place());
}

}  // namespace

PromptList read_prompts(const ConfigValue& value, const std::filesystem::path& config) {
  if (value.is_list()) return prompts_of_list(value, config);
  if (value.is_scalar()) {
    const std::string text = value.text();
    throw value.error("'prompts' must be a list or a map, not '" + text + "': write prompts: [\"" +
                      text + "\"], or prompts: {file: " + text + "}");
  }
  ConfigMap map(value);
  if (map.has("file") == map.has("list")) {
    throw value.error("'prompts' wants either 'file' or 'list'");
  }
  PromptList prompts;
  std::string holder = "the list";
  if (map.has("list")) prompts = prompts_of_list(map.at("list"), config);
  if (map.has("file")) {
    const ConfigValue file = map.at("file");
    holder = file.text();
    prompts = at_place(file, [&] { return prompts_of_file(locate(file.text(), config)); });
  }
  if (map.has("count")) {
    const ConfigValue count = map.at("count");
    const std::int64_t wanted = count.integer(1);
    if (wanted > static_cast<std::int64_t>(prompts.captions.size())) {
      throw count.error("'prompts.count' is " + std::to_string(wanted) + ", but " + holder +
                        " holds " + std::to_string(prompts.captions.size()) + " prompts");
    }
    prompts.keep_first(static_cast<std::size_t>(wanted));
  }
  map.finish();
  return prompts;
}

}  // namespace fdbench
