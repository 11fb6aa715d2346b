#include "sweep/merge_shards.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "core/error.h"
#include "core/notes.h"
#include "io/atomic_file.h"
#include "results/result_reader.h"
#include "sweep/assemble.h"
#include "sweep/shard.h"

namespace fdbench {
namespace {

/// Of the program and the machine: what may change pictures.
constexpr std::string_view kSameInAllParts[] = {"git_revision", "fdbench_version",  "compiler",
                                                "build_flags",  "libtorch_version", "cpu"};

std::vector<ShardInfo> read_parts(const std::vector<std::filesystem::path>& inputs) {
  std::vector<ShardInfo> parts;
  for (const std::filesystem::path& input : inputs) {
    ShardInfo part = read_shard_info(input);
    const Place place{input.string()};
    if (!parts.empty()) {
      const ShardInfo& first = parts.front();
      const std::string changes = describe_changes(first.settings, part.settings);
      if (!changes.empty()) {
        throw usage_error(place,
                          "is of another sweep than " + first.path.string() + ": " + changes);
      }
      if (part.shard.count != first.shard.count) {
        throw usage_error(place, "is shard " + part.shard.text() + ", but " + first.path.string() +
                                     " is shard " + first.shard.text());
      }
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

/// Throws a usage error for parts that nobody gave.
void check_all_there(const std::vector<ShardInfo>& parts) {
  std::set<int> numbers;
  for (const ShardInfo& part : parts) numbers.insert(part.shard.number);
  const int count = parts.front().shard.count;
  std::string missing;
  for (int number = 1; number <= count; ++number) {
    if (numbers.contains(number)) continue;
    missing += (missing.empty() ? "" : ", ") + Shard{number, count}.text();
  }
  if (!missing.empty()) throw usage_error("the sweep is not whole: no file of shard " + missing);
}

/// The part that holds each unit. Throws where two hold different contents.
std::map<std::string, const ShardInfo*> owners(const std::vector<ShardInfo>& parts) {
  std::map<std::string, const ShardInfo*> found;
  for (const ShardInfo& part : parts) {
    for (const std::string& hash : part.units) {
      const auto [entry, is_new] = found.emplace(hash, &part);
      if (is_new) continue;
      if (read_shard_unit(entry->second->path, hash) == read_shard_unit(part.path, hash)) continue;
      throw runtime_error(Place{part.path.string()},
                          "holds the unit " + hash + " with other contents than " +
                              entry->second->path.string() + "; give one of the two");
    }
  }
  return found;
}

void take_unit(const WorkUnit& unit, const ShardInfo& part, const UnitFolder& folder) {
  const std::string bytes = read_shard_unit(part.path, unit.hash);
  if (unit_complete(folder.file(unit))) return;
  AtomicFile file(folder.file(unit));
  file.write(bytes.data(), bytes.size());
  file.commit();
}

/// A line a part: what, where and by which program.
std::vector<std::string> origins(const std::vector<ShardInfo>& parts) {
  const std::set<std::string> told = {"host", "cpu", "git_revision", "compiler",
                                      "libtorch_version"};
  std::vector<std::string> lines;
  for (const ShardInfo& part : parts) {
    std::string line = part.shard.text();
    for (const auto& [name, value] : part.provenance) {
      const auto* text = std::get_if<std::string>(&value);
      if (text != nullptr && told.contains(name)) {
        line += " " + name + "=" + *text;
      }
    }
    lines.push_back(line);
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

/// The part that measured the times.
const ShardInfo& timing_part(const std::vector<ShardInfo>& parts) {
  return *std::find_if(parts.begin(), parts.end(),
                       [](const ShardInfo& part) { return part.shard.number == 1; });
}

/// Names of the parts by what they say of themselves: "abc (1/3, 2/3), def (3/3)".
std::string values_by_part(const std::vector<ShardInfo>& parts, const std::string& name) {
  std::map<std::string, std::set<std::string>> found;
  for (const ShardInfo& part : parts) {
    for (const auto& [key, value] : part.provenance) {
      const auto* text = std::get_if<std::string>(&value);
      if (key == name && text != nullptr) found[*text].insert(part.shard.text());
    }
  }
  if (found.size() < 2) return "";
  std::string line;
  for (const auto& [value, numbers] : found) {
    std::string of_parts;
    for (const std::string& number : numbers) of_parts += (of_parts.empty() ? "" : ", ") + number;
    line += (line.empty() ? "" : ", ") + value + " (part " + of_parts + ")";
  }
  return line;
}

/// A line for each thing that may change pictures and that is not the same in all parts.
std::vector<std::string> differences(const std::vector<ShardInfo>& parts) {
  std::vector<std::string> lines;
  for (const std::string_view name : kSameInAllParts) {
    const std::string values = values_by_part(parts, std::string(name));
    if (!values.empty()) {
      lines.push_back("the parts were not made alike, " + std::string(name) + ": " + values +
                      "; their pictures may differ by more than the runs do");
    }
  }
  return lines;
}

/// Throws where the output must not be replaced: a part itself, the result of another sweep, or
/// what cannot be read. A result of the same parts is made again.
void check_output(const std::filesystem::path& output,
                  const std::vector<std::filesystem::path>& inputs, const Settings& settings,
                  bool fresh) {
  const Place place{output.string()};
  std::error_code ignored;
  for (const std::filesystem::path& input : inputs) {
    if (!std::filesystem::equivalent(output, input, ignored)) continue;
    throw usage_error(place, "is one of the parts; the result wants a name of its own");
  }
  if (std::filesystem::is_directory(output, ignored)) {
    throw usage_error(place, "is a folder; the result wants the name of a file");
  }
  if (fresh || !std::filesystem::exists(output, ignored)) return;
  constexpr const char* kReplace = "; --fresh replaces it";
  ResultSummary summary;
  try {
    summary = read_summary(output);
  } catch (const Error& error) {
    throw Error(error.kind(), std::string(error.what()) + kReplace + " by the result of the parts");
  }
  const Settings before = settings_from_json(summary.attributes["settings"]);
  const std::string changes = describe_changes(before, settings);
  if (changes.empty()) return;
  throw usage_error(place,
                    "is there already and is the result of another sweep: " + changes + kReplace);
}

}  // namespace

std::vector<RunRecord> merge_shards(const std::filesystem::path& output,
                                    const std::vector<std::filesystem::path>& inputs, bool fresh) {
  const std::vector<ShardInfo> parts = read_parts(inputs);
  check_all_there(parts);
  const Settings& settings = parts.front().settings;
  check_output(output, inputs, settings, fresh);
  const std::vector<std::string> warnings = differences(parts);
  for (const std::string& warning : warnings) say_warning(Place{output.string()}, warning);
  const Experiment experiment =
      experiment_of_text(parts.front().config_text, parts.front().config_path);
  const std::vector<StageFolder> models = open_models(experiment);
  const PreparedSweep sweep = prepare_sweep(experiment, models);
  const std::vector<WorkUnit> units = plan_units(sweep, settings);
  const std::map<std::string, const ShardInfo*> found = owners(parts);
  UnitFolder folder(output, settings, fresh);
  for (const WorkUnit& unit : units) {
    const auto owner = found.find(unit.hash);
    if (owner == found.end()) {
      throw runtime_error("no part holds the unit " + unit.hash +
                          " that the sweep has by now: were prompts or program changed since?");
    }
    take_unit(unit, *owner->second, folder);
  }
  const ShardInfo& timed = timing_part(parts);
  const std::vector<RunRecord> records = assemble(
      {sweep, models, settings, timed.num_threads, timed.provenance, origins(parts), {}, warnings},
      units, folder, output);
  folder.remove();
  return records;
}

}  // namespace fdbench
