#include "sweep/assemble.h"

#include <map>

#include "core/one_line.h"
#include "probes/principal_components.h"
#include "results/datasets.h"
#include "results/result_writer.h"
#include "results/unit_arrays.h"
#include "sweep/file_attributes.h"
#include "sweep/merged_pictures.h"
#include "sweep/picture_unit.h"
#include "sweep/run_records.h"
#include "sweep/timing_table.h"
#include "work/drawn_steps.h"

namespace fdbench {
namespace {

/// The units sorted for the merge.
struct SortedUnits {
  /// By first picture; one unit a run.
  std::map<std::int64_t, std::vector<const WorkUnit*>> chunks;
  std::vector<const WorkUnit*> rounds;
};

SortedUnits sorted(const std::vector<WorkUnit>& units) {
  SortedUnits result;
  for (const WorkUnit& unit : units) {
    if (unit.kind == WorkUnit::Kind::kTiming) {
      result.rounds.push_back(&unit);
    } else {
      result.chunks[unit.first].push_back(&unit);
    }
  }
  return result;
}

/// One merge: the writer with what it gathers on the way.
class Merge {
 public:
  Merge(const SweepFacts& facts, const SortedUnits& units, const UnitFolder& folder,
        const std::filesystem::path& output)
      : facts_(facts),
        sweep_(facts.sweep),
        units_(units),
        folder_(folder),
        first_unit_(read_unit(folder.file(*units.chunks.begin()->second.front()))),
        writer_(
            output, sizes(),
            {{'P', sweep_.experiment.pictures.chunk}, {'K', sweep_.experiment.pictures.chunk}}) {
    for (const PreparedRun& run : sweep_.runs) records_.push_back(planned_record(run));
  }

  std::vector<RunRecord> run() {
    write_attributes();
    write_tables();
    write_plans();
    MergedPictures pictures(facts_, folder_, first_unit_, writer_, records_);
    for (const auto& [first, chunk] : units_.chunks) pictures.add(first, chunk);
    pictures.write_scores();
    write_timing();
    finish_records(pictures);
    write_warnings(pictures.warnings());
    writer_.write_runs(records_);
    write_scales();
    writer_.commit();
    return records_;
  }

 private:
  AxisSizes sizes() const {
    const auto latent = first_unit_.at(picture_arrays::kLatents).sizes();
    const auto image = first_unit_.at(picture_arrays::kImages).sizes();
    const auto count = [](const auto& list) { return static_cast<std::int64_t>(list.size()); };
    return {{'R', count(sweep_.runs)},
            {'P', sweep_.experiment.num_pictures()},
            {'K', kept_pictures(sweep_.experiment)},
            {'S', sweep_.num_steps()},
            {'B', count(sweep_.watched)},
            {'L', sweep_.num_layers()},
            {'G', count(sweep_.stages)},
            {'N', count(units_.rounds)},
            {'c', latent[1]},
            {'y', latent[2]},
            {'x', latent[3]},
            {'h', image[1]},
            {'w', image[2]},
            {'Q', first_of(picture_arrays::kPcaExplained, 0) == 0
                      ? 0
                      : std::min<std::int64_t>(sweep_.experiment.features.pca.pictures,
                                               sweep_.experiment.num_pictures())},
            {'C', first_of(picture_arrays::kPcaImages, 1)},
            {'T', first_of(picture_arrays::kPcaImages, 2) == 0 ? 0 : num_pca_steps(sweep_)},
            {'H', first_of(picture_arrays::kPcaImages, 3)},
            {'W', first_of(picture_arrays::kPcaImages, 4)},
            {'k', kNumComponents},
            {'q', first_of(picture_arrays::kPredictedImages, 0) == 0
                      ? 0
                      : std::min<std::int64_t>(sweep_.experiment.pictures.predicted.pictures,
                                               sweep_.experiment.num_pictures())},
            {'t', num_predicted_steps(sweep_)},
            {'V', first_of(judged_arrays::kScores, 1)},
            {'d', keeps_features() ? first_unit_.at(judged_arrays::kFeatures).size(1) : 0}};
  }

  /// Length of an axis of an array of the first unit; 0 where it is not there.
  std::int64_t first_of(const char* array, std::int64_t axis) const {
    const auto found = first_unit_.find(array);
    return found == first_unit_.end() ? 0 : found->second.size(axis);
  }

  bool keeps_features() const {
    return sweep_.experiment.judges.keep_features && first_unit_.contains(judged_arrays::kFeatures);
  }

  void write_attributes() {
    for (const auto& [name, value] : file_attributes(facts_)) writer_.set_attribute(name, value);
  }

  void write_tables() {
    writer_.write_table("/prompts", prompt_table(sweep_));
    writer_.write_table("/stages", stage_table(sweep_));
    writer_.write_table("/layers", layer_table(sweep_));
    if (!sweep_.watched.empty()) writer_.write_table("/blocks", block_table(sweep_));
  }

  void write_plans() {
    for (const char* name : {"/timesteps", "/plan/cells", "/plan/num_steps"}) writer_.create(name);
    for (std::int64_t r = 0; r < static_cast<std::int64_t>(sweep_.runs.size()); ++r) {
      const std::vector<StageRun>& stages = sweep_.runs[r].stages;
      for (std::size_t s = 0; s < stages.size(); ++s) {
        const auto stage = static_cast<std::int64_t>(s);
        const StageRun& run = stages[s];
        writer_.write("/timesteps", {r, stage, 0},
                      at::tensor(run.timesteps, at::kDouble).view({1, 1, -1}));
        writer_.write("/plan/cells", {r, 0, sweep_.first_layer(s)}, cells_of(run.plan));
        writer_.write("/plan/num_steps", {r, stage},
                      at::full({1, 1}, run.plan.num_steps(), at::kInt));
      }
    }
  }

  void write_timing() {
    if (units_.rounds.empty()) return;
    std::vector<Arrays> rounds;
    for (const WorkUnit* unit : units_.rounds) rounds.push_back(read_unit(folder_.file(*unit)));
    timing_ = join_rounds(rounds);
    for (const auto& [name, values] : timing_) {
      const std::string dataset = "/timing" + name;
      writer_.create(dataset);
      writer_.write(dataset, std::vector<std::int64_t>(values.dim(), 0), values);
    }
  }

  void finish_records(MergedPictures& pictures) {
    for (std::size_t r = 0; r < records_.size(); ++r) {
      RunRecord& record = records_[r];
      const int baseline = sweep_.experiment.baseline_of(static_cast<int>(r));
      record.baseline = static_cast<int>(r) == baseline;
      if (baseline >= 0) {
        record.compared_with = records_[baseline].name;
        record.multiply_adds_ratio = static_cast<double>(records_[baseline].multiply_adds) /
                                     static_cast<double>(record.multiply_adds);
      }
      if (!timing_.empty()) {
        summarise_timing(record, timing_, static_cast<int>(r), baseline);
        if (baseline >= 0) {
          record.predicted_speedup = predicted_time(sweep_, baseline, timing_) /
                                     predicted_time(sweep_, static_cast<int>(r), timing_);
        }
      }
      pictures.summarise(r, baseline);
    }
  }

  void write_warnings(const std::vector<std::string>& of_judges) {
    std::string lines;
    for (const auto& warnings : {facts_.warnings, of_judges}) {
      for (const std::string& warning : warnings) lines += one_line(warning) + "\n";
    }
    if (!lines.empty()) writer_.set_attribute("warnings", lines);
  }

  void write_scales() {
    for (const auto& [axis, names] : axis_names(sweep_)) writer_.write_scale(axis, names);
    if (first_of(picture_arrays::kPcaImages, 1) > 0) writer_.write_scale('C', pca_names());
    if (first_of(judged_arrays::kScores, 1) > 0) {
      std::vector<std::string> scorers;
      for (const ScorerSettings& scorer : sweep_.experiment.judges.scorers) {
        scorers.push_back(scorer.name);
      }
      writer_.write_scale('V', scorers);
    }
    for (const char axis : {'P', 'K', 'S'}) writer_.write_scale(axis);
    if (!units_.rounds.empty()) writer_.write_scale('N');
  }

  std::vector<std::string> pca_names() const {
    std::vector<std::string> names;
    for (const int column : pca_columns(sweep_)) {
      names.push_back(sweep_.watched[static_cast<std::size_t>(column)].name);
    }
    return names;
  }

  const SweepFacts& facts_;
  const PreparedSweep& sweep_;
  const SortedUnits& units_;
  const UnitFolder& folder_;
  Arrays first_unit_;
  ResultWriter writer_;
  std::vector<RunRecord> records_;
  /// [R, N]
  Arrays timing_;
};

}  // namespace

std::vector<RunRecord> assemble(const SweepFacts& facts, const std::vector<WorkUnit>& units,
                                const UnitFolder& folder, const std::filesystem::path& output) {
  const SortedUnits by_place = sorted(units);
  return Merge(facts, by_place, folder, output).run();
}

}  // namespace fdbench
