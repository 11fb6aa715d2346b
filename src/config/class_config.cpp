#include "config/class_config.h"

#include "config/judge_config.h"
#include "prompts/prompt_file.h"

namespace fdbench {
namespace {

constexpr std::int64_t kMostClasses = 1'000'000;

PromptList classes_of_list(const ConfigValue& value) {
  PromptList classes;
  for (const ConfigValue& item : value.list()) classes.captions.push_back(item.text());
  return classes;
}

PromptList first_classes(std::int64_t count) {
  PromptList classes;
  for (std::int64_t i = 0; i < count; ++i) classes.captions.push_back(std::to_string(i));
  return classes;
}

template <typename List>
void repeat(List& list, std::int64_t times) {
  const List once = list;
  for (std::int64_t i = 1; i < times; ++i) list.insert(list.end(), once.begin(), once.end());
}

}  // namespace

PromptList read_classes(const ConfigValue& value, const std::filesystem::path& config) {
  if (value.is_list()) return classes_of_list(value);
  if (value.is_scalar()) {
    throw value.error("'classes' must be a list or a map, not '" + value.text() +
                      "': write classes: [" + value.text() +
                      "], or classes: {count: 50, per_class: 20}");
  }
  ConfigMap map(value);
  const int given = int{map.has("list")} + int{map.has("file")} + int{map.has("count")};
  if (given != 1) throw value.error("'classes' wants one of 'list', 'file' and 'count'");
  PromptList classes;
  if (map.has("list")) classes = classes_of_list(map.at("list"));
  if (map.has("count")) classes = first_classes(map.at("count").integer(1, kMostClasses));
  if (map.has("file")) {
    const ConfigValue file = map.at("file");
    classes = at_place(file, [&] { return prompts_of_file(locate(file.text(), config)); });
  }
  if (map.has("per_class")) {
    const std::int64_t times = map.at("per_class").integer(1, kMostClasses);
    repeat(classes.captions, times);
    repeat(classes.scenes, times);
  }
  map.finish();
  return classes;
}

}  // namespace fdbench
