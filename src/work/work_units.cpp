#include "work/work_units.h"

#include <algorithm>
#include <set>

#include "core/hash.h"
#include "work/sweep_settings.h"

namespace fdbench {
namespace {

WorkUnit picture_unit(const PreparedSweep& sweep, const Settings& settings, int run,
                      std::int64_t first) {
  const Experiment& experiment = sweep.experiment;
  WorkUnit unit;
  unit.kind = WorkUnit::Kind::kPictures;
  unit.run = run;
  unit.first = first;
  unit.count = std::min<std::int64_t>(experiment.pictures.chunk, experiment.num_pictures() - first);
  unit.cost = static_cast<double>(sweep.runs[run].multiply_adds()) * unit.count;
  const auto begin = experiment.captions.begin() + first;
  Settings of_unit = not_of_scope(of_scope(settings, Scope::kPictures), Scope::kRun);
  of_unit["kind"] = "pictures";
  of_unit["work"] = work_of(sweep.runs[run]);
  of_unit["first"] = std::to_string(first);
  of_unit["captions"] = nlohmann::json(std::vector<std::string>(begin, begin + unit.count))
                            .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  const std::vector<std::string>& negative = experiment.prompt_options.negative_prompts;
  if (!negative.empty()) {
    const auto from = negative.begin() + first;
    of_unit["negative_prompts"] =
        nlohmann::json(std::vector<std::string>(from, from + unit.count))
            .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  const std::string images = control_images_hash(experiment.controls, first, unit.count);
  if (!images.empty()) of_unit["control_images"] = images;
  unit.hash = content_hash(settings_json(of_unit));
  return unit;
}

WorkUnit timing_unit(const PreparedSweep& sweep, const Settings& settings, int round) {
  WorkUnit unit;
  unit.kind = WorkUnit::Kind::kTiming;
  unit.round = round;
  for (const PreparedRun& run : sweep.runs) unit.cost += static_cast<double>(run.multiply_adds());
  if (round == 0) unit.cost *= 1 + sweep.experiment.timing.warmup;
  Settings of_unit = of_scope(settings, Scope::kTiming);
  of_unit["kind"] = "timing";
  of_unit["round"] = std::to_string(round);
  unit.hash = content_hash(settings_json(of_unit));
  return unit;
}

}  // namespace

std::vector<WorkUnit> plan_units(const PreparedSweep& sweep, const Settings& settings) {
  const Experiment& experiment = sweep.experiment;
  std::vector<WorkUnit> units;
  for (int run = 0; run < static_cast<int>(sweep.runs.size()); ++run) {
    for (std::int64_t first = 0; first < experiment.num_pictures();
         first += experiment.pictures.chunk) {
      units.push_back(picture_unit(sweep, settings, run, first));
    }
  }
  std::set<std::string> seen;
  for (WorkUnit& unit : units) {
    if (!seen.insert(unit.hash).second) unit.cost = 0;
  }
  for (int round = 0; round < experiment.timing.rounds; ++round) {
    units.push_back(timing_unit(sweep, settings, round));
  }
  return units;
}

}  // namespace fdbench
