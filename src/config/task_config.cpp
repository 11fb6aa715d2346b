#include "config/task_config.h"

#include <algorithm>
#include <utility>

#include "config/config_reader.h"
#include "core/word_list.h"

namespace fdbench {
namespace {

constexpr const char* kTasks = "tasks";

void put(ConfigTree& tree, const ConfigTree::Entry& entry) {
  const auto same = std::find_if(tree.entries.begin(), tree.entries.end(),
                                 [&](const auto& other) { return other.key == entry.key; });
  if (same == tree.entries.end()) {
    tree.entries.push_back(entry);
  } else {
    *same = entry;
  }
}

}  // namespace

std::vector<std::string> task_names(const ConfigTree& tree) {
  const ConfigTree* tasks = tree.find(kTasks);
  if (tasks == nullptr) return {};
  if (tasks->kind != ConfigTree::Kind::kMap || tasks->entries.empty()) {
    throw usage_error(tasks->place, "'tasks' must be a map of names to what each does otherwise");
  }
  std::vector<std::string> names;
  for (const ConfigTree::Entry& task : tasks->entries) {
    if (task.value.kind != ConfigTree::Kind::kMap) {
      throw usage_error(task.place, "the task '" + task.key + "' must be a map of keys");
    }
    if (task.key.empty() || task.key.find('/') != std::string::npos || task.key[0] == '.') {
      throw usage_error(task.place,
                        "the name of a task becomes a part of a file name: no '/', no "
                        "leading '.'");
    }
    if (const ConfigTree* name = task.value.find("name")) {
      throw usage_error(name->place, "a task has the name of the sweep and its own behind it");
    }
    names.push_back(task.key);
  }
  return names;
}

ConfigTree tree_of_task(ConfigTree tree, const std::string& task) {
  const std::vector<std::string> names = task_names(tree);
  if (names.empty()) {
    if (task.empty()) return tree;
    throw usage_error(tree.place, "has no tasks, so none is named '" + task + "'");
  }
  const Place place = tree.find(kTasks)->place;
  if (task.empty()) throw usage_error(place, "has tasks: name one, " + words_text(names));
  if (std::find(names.begin(), names.end(), task) == names.end()) {
    throw usage_error(place, "has no task '" + task + "'" + advice(task, names));
  }
  const ConfigTree own = *tree.find(kTasks)->find(task);
  std::erase_if(tree.entries, [](const auto& entry) { return entry.key == kTasks; });
  for (const ConfigTree::Entry& entry : own.entries) put(tree, entry);
  for (ConfigTree::Entry& entry : tree.entries) {
    if (entry.key == "name") entry.value.scalar += "_" + task;
  }
  return tree;
}

}  // namespace fdbench
