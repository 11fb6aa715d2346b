// `tasks:` of a config file: several sweeps that differ in a few keys (the tasks of the paper's
// Table 4, say), each with a result file of its own.
#pragma once

#include <string>
#include <vector>

#include "config/config_tree.h"

namespace fdbench {

/// Names of the tasks in the order of the file; none where it has no `tasks`. Throws a usage error
/// at the place where `tasks` is no map of maps, and for a name that cannot be a part of a file's.
std::vector<std::string> task_names(const ConfigTree& tree);

/// The config of one task: the keys that it has replace those of the file, and its name goes behind
/// that of the sweep ("table4_image_edges"). task "": of a file without tasks. Throws a usage error
/// for a task that is not there, with the nearest name, and where one must be named.
ConfigTree tree_of_task(ConfigTree tree, const std::string& task);

}  // namespace fdbench
