// All that determines a sweep's results as flat "key: value" text, for names of work units and for
// saying what changed.
#pragma once

#include <map>
#include <string>

namespace fdbench {

using Settings = std::map<std::string, std::string>;

std::string settings_json(const Settings& settings);
/// Empty for text that is no such JSON.
Settings settings_from_json(const std::string& text);

/// "timing.rounds (8, now 12), runs.drop (new)": at most three differences; "" when there is none.
std::string describe_changes(const Settings& before, const Settings& now);

}  // namespace fdbench
