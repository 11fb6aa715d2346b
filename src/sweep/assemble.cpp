#include "sweep/assemble.h"

#include <map>
#include <optional>

#include "core/one_line.h"
#include "judging/judged_records.h"
#include "judging/judges.h"
#include "judging/picture_distances.h"
#include "results/datasets.h"
#include "results/result_writer.h"
#include "results/unit_arrays.h"
#include "sweep/file_attributes.h"
#include "sweep/picture_unit.h"
#include "sweep/run_records.h"
#include "sweep/timing_table.h"

namespace fdbench {
namespace {

const std::vector<std::string> kFeatureNames = {"mse", "frobenius", "mean", "std"};

/// Of what the judges saw, by the units' arrays.
const std::map<std::string, std::string> kJudgedDatasets = {
    {judged_arrays::kClipScore, "/pictures/clip_score"},
    {judged_arrays::kObjects, "/pictures/objects_right"},
    {judged_arrays::kWhole, "/pictures/picture_right"}};

constexpr const char* kJudgedFeatures = "/pictures/judged_features";

/// The units sorted for the merge.
struct SortedUnits {
  std::map<std::int64_t, std::vector<const WorkUnit*>> chunks;  // by first picture; one unit a run
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

std::int64_t kept_pictures(const Experiment& experiment) {
  const std::int64_t keep = experiment.pictures.keep;
  return keep < 0 ? experiment.num_pictures() : std::min(keep, experiment.num_pictures());
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
    distances_.emplace(distance_judges(), sweep_.runs.size(), sweep_.experiment.num_pictures(),
                       facts.write_progress);
    judged_.emplace(sweep_.experiment.judges, sweep_.runs.size(), facts.write_progress);
  }

  std::vector<RunRecord> run() {
    write_attributes();
    write_tables();
    write_plans();
    create_picture_arrays();
    for (const auto& [first, chunk] : units_.chunks) write_chunk(first, chunk);
    write_timing();
    finish_records();
    write_warnings();
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
            {'d', keeps_features() ? first_unit_.at(judged_arrays::kFeatures).size(1) : 0}};
  }

  bool keeps_features() const {
    return sweep_.experiment.judges.keep_features && first_unit_.contains(judged_arrays::kFeatures);
  }

  /// Pictures of random weights are judged by nothing.
  JudgeSettings distance_judges() const {
    return sweep_.synthetic ? JudgeSettings{} : sweep_.experiment.judges;
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

  void create_picture_arrays() {
    for (const char* name : {"/plan/ran", "/plan/multiply_adds", "/plan/network_calls"}) {
      writer_.create(name);
    }
    for (const char* name : {"/pictures/latents", "/pictures/images"}) writer_.create(name);
    for (const std::string& name : distances_->datasets()) writer_.create(name);
    for (const auto& [array, dataset] : kJudgedDatasets) {
      if (first_unit_.contains(array)) writer_.create(dataset);
    }
    if (keeps_features()) writer_.create(kJudgedFeatures);
    if (sweep_.watched.empty()) return;
    for (const std::string& name : kFeatureNames) writer_.create("/features/" + name);
    writer_.create("/features/frobenius_std");
  }

  void write_chunk(std::int64_t first, const std::vector<const WorkUnit*>& chunk) {
    Arrays reference;
    int of_reference = -1;
    for (const WorkUnit* unit : chunk) {
      const int baseline = sweep_.experiment.baseline_of(unit->run);
      if (baseline >= 0 && baseline != of_reference) {
        reference = read_unit(folder_.file(*chunk[baseline]));
        of_reference = baseline;
      }
      const Arrays arrays = read_unit(folder_.file(*unit));
      if (first == 0) take_grid(unit->run, arrays);
      write_pictures(*unit, arrays);
      if (!sweep_.watched.empty()) write_features(*unit, arrays);
      if (baseline >= 0 && !sweep_.synthetic) write_distances(*unit, arrays, reference);
    }
  }

  void take_grid(int run, const Arrays& arrays) {
    const at::Tensor& ran = arrays.at(picture_arrays::kRan);
    const at::Tensor& calls = arrays.at(picture_arrays::kCalls);
    writer_.write("/plan/ran", {run, 0, 0}, ran);
    writer_.write("/plan/network_calls", {run, 0}, calls.view({-1, 2}).select(1, 0).view({1, -1}));
    writer_.write(
        "/plan/multiply_adds", {run, 0},
        at::tensor(counted_multiply_adds(sweep_, sweep_.runs[run], ran), at::kLong).view({1, -1}));
    count_grid(records_[run], sweep_, sweep_.runs[run], ran, calls);
  }

  void write_pictures(const WorkUnit& unit, const Arrays& arrays) {
    writer_.write("/pictures/latents", {unit.run, unit.first}, arrays.at(picture_arrays::kLatents));
    const std::int64_t kept =
        std::clamp<std::int64_t>(kept_pictures(sweep_.experiment) - unit.first, 0, unit.count);
    writer_.write("/pictures/images", {unit.run, unit.first},
                  arrays.at(picture_arrays::kImages).slice(0, 0, kept));
    records_[unit.run].num_pictures += unit.count;
    judged_->add(static_cast<std::size_t>(unit.run), arrays);
    if (keeps_features()) {
      writer_.write(kJudgedFeatures, {unit.run, unit.first}, arrays.at(judged_arrays::kFeatures));
    }
    for (const auto& [array, dataset] : kJudgedDatasets) {
      if (arrays.contains(array)) {
        writer_.write(dataset, {unit.run, unit.first}, arrays.at(array));
      }
    }
  }

  void write_features(const WorkUnit& unit, const Arrays& arrays) {
    for (const std::string& name : kFeatureNames) {
      writer_.write("/features/" + name, {unit.run, unit.first},
                    arrays.at(picture_arrays::kFeatures + name));
    }
    const at::Tensor frobenius = arrays.at(std::string(picture_arrays::kFeatures) + "frobenius");
    writer_.write("/features/frobenius_std", {unit.run, unit.first}, std_over_steps(frobenius));
  }

  void write_distances(const WorkUnit& unit, const Arrays& arrays, const Arrays& reference) {
    const auto run = static_cast<std::size_t>(unit.run);
    for (const auto& [dataset, values] : distances_->add(run, arrays, reference)) {
      writer_.write(dataset, {unit.run, unit.first}, values);
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

  void finish_records() {
    for (std::size_t r = 0; r < records_.size(); ++r) {
      RunRecord& record = records_[r];
      const int baseline = sweep_.experiment.baseline_of(static_cast<int>(r));
      record.baseline = static_cast<int>(r) == baseline;
      if (baseline >= 0) {
        record.compared_with = records_[baseline].name;
        record.multiply_adds_ratio = static_cast<double>(records_[baseline].multiply_adds) /
                                     static_cast<double>(record.multiply_adds);
        distances_->summarise(record, r);
      }
      if (!timing_.empty()) {
        summarise_timing(record, timing_, static_cast<int>(r), baseline);
        if (baseline >= 0) {
          record.predicted_speedup = predicted_time(sweep_, baseline, timing_) /
                                     predicted_time(sweep_, static_cast<int>(r), timing_);
        }
      }
      if (!sweep_.synthetic) judged_->summarise(record, r, baseline);
    }
  }

  void write_warnings() {
    std::string lines;
    for (const auto& warnings : {facts_.warnings, judged_->warnings()}) {
      for (const std::string& warning : warnings) lines += one_line(warning) + "\n";
    }
    if (!lines.empty()) writer_.set_attribute("warnings", lines);
  }

  void write_scales() {
    for (const auto& [axis, names] : axis_names(sweep_)) writer_.write_scale(axis, names);
    for (const char axis : {'P', 'K', 'S'}) writer_.write_scale(axis);
    if (!units_.rounds.empty()) writer_.write_scale('N');
  }

  const SweepFacts& facts_;
  const PreparedSweep& sweep_;
  const SortedUnits& units_;
  const UnitFolder& folder_;
  Arrays first_unit_;
  ResultWriter writer_;
  std::vector<RunRecord> records_;
  std::optional<PictureDistances> distances_;
  std::optional<JudgedRuns> judged_;
  Arrays timing_;  // [R, N]
};

}  // namespace

std::vector<RunRecord> assemble(const SweepFacts& facts, const std::vector<WorkUnit>& units,
                                const UnitFolder& folder, const std::filesystem::path& output) {
  const SortedUnits by_place = sorted(units);
  return Merge(facts, by_place, folder, output).run();
}

}  // namespace fdbench
