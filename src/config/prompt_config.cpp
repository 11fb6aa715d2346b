#include "config/prompt_config.h"

#include "config/judge_config.h"
#include "config/prompt_file.h"

namespace fdbench {
namespace {

/// {prompt: TEXT, control: FILE or a list of them}.
Prompt prompt_of_map(const ConfigValue& value) {
  ConfigMap map(value);
  Prompt prompt{.caption = map.at("prompt").tree().scalar, .file_name = "", .scene = nullptr};
  if (map.has("control")) {
    const ConfigValue control = map.at("control");
    if (control.is_scalar()) {
      prompt.control.emplace_back(control.text());
    } else {
      for (const ConfigValue& image : control.list()) prompt.control.emplace_back(image.text());
    }
  }
  map.finish();
  return prompt;
}

PromptList prompts_of_list(const ConfigValue& value) {
  PromptCollector prompts;
  for (const ConfigValue& item : value.list()) {
    if (item.is_map()) {
      ConfigMap entry(item);
      if (entry.has("prompt")) {
        prompts.add(prompt_of_map(item), item.place(), "'" + item.path() + "'");
        continue;
      }
    }
    if (!item.is_scalar()) {
      throw item.error("'" + item.path() + "' must be a text, not " + kind_name(item.tree()) +
                       "; the empty prompt is \"\", and a text with ': ' in it stands in quotes");
    }
    prompts.add({item.tree().scalar, "", nullptr}, item.place(), "'" + item.path() + "'");
  }
  return prompts.finish(value.place());
}

}  // namespace

PromptList read_prompts(const ConfigValue& value, const std::filesystem::path& config) {
  if (value.is_list()) return prompts_of_list(value);
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
  if (map.has("list")) prompts = prompts_of_list(map.at("list"));
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
