// All that determines a sweep's results as flat "key: value" text, for names of work units and for
// saying what changed. What depends on a setting is told by its scope, in one table.
#pragma once

#include <map>
#include <string>

namespace fdbench {

using Settings = std::map<std::string, std::string>;

/// What depends on a setting.
enum class Scope : unsigned {
  /// What a unit of pictures holds.
  kPictures = 1,
  /// What a round of timing holds.
  kTiming = 2,
  /// What is computed from units: scores and what else the file keeps.
  kJudging = 4,
  /// How many rounds there are, which may be raised.
  kRoundCount = 8,
  /// The network's latents, together with the run: two files agree in it, or their runs are not the
  /// same.
  kLatents = 16,
  /// Whether figures of two files can be compared.
  kCompared = 32,
  /// Weights and other files of the model.
  kModel = 64,
  /// One run of several.
  kRun = 128,
};

/// True where `scope` depends on the setting. A setting that the table does not know (of a newer
/// program's file) belongs to pictures, timing and comparison.
bool depends(Scope scope, const std::string& setting);

/// The settings that `scope` depends on, and those that it does not.
Settings of_scope(const Settings& settings, Scope scope);
Settings not_of_scope(const Settings& settings, Scope scope);

std::string settings_json(const Settings& settings);
/// Empty for text that is no such JSON.
Settings settings_from_json(const std::string& text);

/// "timing.rounds (8, now 12), runs.drop (new)": at most three differences; "" when there is none.
std::string describe_changes(const Settings& before, const Settings& now);

}  // namespace fdbench
