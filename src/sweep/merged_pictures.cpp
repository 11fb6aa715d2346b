#include "sweep/merged_pictures.h"

#include <algorithm>
#include <map>

#include "judging/judges.h"
#include "sweep/picture_unit.h"
#include "sweep/run_records.h"
#include "work/drawn_steps.h"

namespace fdbench {
namespace {

const std::vector<std::string> kFeatureNames = {"mse", "frobenius", "mean", "std"};

/// Of what the judges saw, by the units' arrays.
const std::map<std::string, std::string> kJudgedDatasets = {
    {judged_arrays::kClipScore, "/pictures/clip_score"},
    {judged_arrays::kScores, "/pictures/scores"},
    {judged_arrays::kObjects, "/pictures/objects_right"},
    {judged_arrays::kWhole, "/pictures/picture_right"},
    {judged_arrays::kControlF1, "/pictures/control_f1"},
    {judged_arrays::kControlPrecision, "/pictures/control_precision"},
    {judged_arrays::kControlRecall, "/pictures/control_recall"}};

constexpr const char* kJudgedFeatures = "/pictures/judged_features";

/// Datasets of the same names as the units' arrays.
constexpr const char* kSimilarity[] = {picture_arrays::kCosine, picture_arrays::kDistance};
constexpr const char* kPca[] = {picture_arrays::kPcaImages, picture_arrays::kPcaExplained};
constexpr const char* kPcaSteps = "/pca/steps";

constexpr const char* kPredicted = picture_arrays::kPredictedImages;
constexpr const char* kPredictedSteps = "/predicted/steps";
constexpr const char* kPredictedMse = "/predicted/latent_mse_to_full";
constexpr const char* kPredictedPsnr = "/predicted/psnr_to_full";

/// Pictures of random weights are judged by nothing.
JudgeSettings distance_judges(const PreparedSweep& sweep) {
  return sweep.synthetic ? JudgeSettings{} : sweep.experiment.judges;
}

}  // namespace

std::int64_t kept_pictures(const Experiment& experiment) {
  const std::int64_t keep = experiment.pictures.keep;
  return keep < 0 ? experiment.num_pictures() : std::min(keep, experiment.num_pictures());
}

MergedPictures::MergedPictures(const SweepFacts& facts, const UnitFolder& folder,
                               const Arrays& first_unit, ResultWriter& writer,
                               std::vector<RunRecord>& records)
    : sweep_(facts.sweep),
      folder_(folder),
      writer_(writer),
      records_(records),
      keeps_features_(sweep_.experiment.judges.keep_features &&
                      first_unit.contains(judged_arrays::kFeatures)),
      distances_(distance_judges(sweep_), sweep_.runs.size(), sweep_.experiment.num_pictures(),
                 facts.write_progress),
      judged_(sweep_.experiment.judges, sweep_.runs.size(), facts.write_progress),
      scored_(sweep_.experiment.judges, sweep_.runs.size()),
      similarity_(sweep_.runs.size()) {
  create_arrays(first_unit);
}

void MergedPictures::create_arrays(const Arrays& first_unit) {
  for (const char* name : {"/plan/ran", "/plan/multiply_adds", "/plan/network_calls"}) {
    writer_.create(name);
  }
  for (const char* name : {"/pictures/latents", "/pictures/images"}) writer_.create(name);
  for (const std::string& name : distances_.datasets()) writer_.create(name);
  for (const auto& [array, dataset] : kJudgedDatasets) {
    if (first_unit.contains(array)) writer_.create(dataset);
  }
  if (keeps_features_) writer_.create(kJudgedFeatures);
  if (first_unit.contains(kPredicted)) {
    for (const char* name : {kPredicted, kPredictedSteps, kPredictedMse, kPredictedPsnr}) {
      writer_.create(name);
    }
  }
  if (sweep_.watched.empty()) return;
  for (const std::string& name : kFeatureNames) writer_.create("/features/" + name);
  writer_.create("/features/frobenius_std");
  const auto is_there = [&](const char* array) { return first_unit.contains(array); };
  if (is_there(picture_arrays::kCosine)) {
    for (const char* array : kSimilarity) writer_.create(array);
  }
  if (!is_there(picture_arrays::kPcaImages)) return;
  for (const char* array : kPca) writer_.create(array);
  writer_.create(kPcaSteps);
}

void MergedPictures::add(std::int64_t first, const std::vector<const WorkUnit*>& chunk) {
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
    take_traced(*unit, arrays);
    write_predicted(*unit, arrays, reference);
    if (baseline >= 0 && !sweep_.synthetic) write_distances(*unit, arrays, reference);
  }
}

void MergedPictures::take_grid(int run, const Arrays& arrays) {
  const at::Tensor& ran = arrays.at(picture_arrays::kRan);
  const at::Tensor& calls = arrays.at(picture_arrays::kCalls);
  writer_.write("/plan/ran", {run, 0, 0}, ran);
  writer_.write("/plan/network_calls", {run, 0}, calls.view({-1, 2}).select(1, 0).view({1, -1}));
  writer_.write(
      "/plan/multiply_adds", {run, 0},
      at::tensor(counted_multiply_adds(sweep_, sweep_.runs[run], ran), at::kLong).view({1, -1}));
  count_grid(records_[run], sweep_, sweep_.runs[run], ran, calls);
  const PreparedRun& prepared = sweep_.runs[run];
  if (arrays.contains(kPredicted)) {
    const std::vector<int> steps = predicted_steps(sweep_, prepared);
    writer_.write(
        kPredictedSteps, {run, 0},
        (prepared.stages.back().plan.num_steps() - at::tensor(steps, at::kInt)).unsqueeze(0));
  }
  if (!arrays.contains(picture_arrays::kPcaImages)) return;
  for (std::size_t stage = 0; stage < prepared.stages.size(); ++stage) {
    const std::vector<int> steps = pca_steps(sweep_, prepared, stage);
    const at::Tensor counted =
        prepared.stages[stage].plan.num_steps() - at::tensor(steps, at::kInt);
    writer_.write(kPcaSteps, {run, static_cast<std::int64_t>(stage), 0}, counted.view({1, 1, -1}));
  }
}

void MergedPictures::write_pictures(const WorkUnit& unit, const Arrays& arrays) {
  writer_.write("/pictures/latents", {unit.run, unit.first}, arrays.at(picture_arrays::kLatents));
  const std::int64_t kept =
      std::clamp<std::int64_t>(kept_pictures(sweep_.experiment) - unit.first, 0, unit.count);
  writer_.write("/pictures/images", {unit.run, unit.first},
                arrays.at(picture_arrays::kImages).slice(0, 0, kept));
  records_[unit.run].num_pictures += unit.count;
  judged_.add(static_cast<std::size_t>(unit.run), arrays);
  scored_.add(static_cast<std::size_t>(unit.run), arrays);
  if (keeps_features_) {
    writer_.write(kJudgedFeatures, {unit.run, unit.first}, arrays.at(judged_arrays::kFeatures));
  }
  for (const auto& [array, dataset] : kJudgedDatasets) {
    if (arrays.contains(array)) {
      writer_.write(dataset, {unit.run, unit.first}, arrays.at(array));
    }
  }
}

void MergedPictures::write_features(const WorkUnit& unit, const Arrays& arrays) {
  for (const std::string& name : kFeatureNames) {
    writer_.write("/features/" + name, {unit.run, unit.first},
                  arrays.at(picture_arrays::kFeatures + name));
  }
  const at::Tensor frobenius = arrays.at(std::string(picture_arrays::kFeatures) + "frobenius");
  writer_.write("/features/frobenius_std", {unit.run, unit.first}, std_over_steps(frobenius));
}

void MergedPictures::take_traced(const WorkUnit& unit, const Arrays& arrays) {
  for (const char* name : kSimilarity) {
    const auto found = arrays.find(name);
    if (found == arrays.end()) continue;
    Sum& sum = similarity_[static_cast<std::size_t>(unit.run)][name];
    const at::Tensor values = found->second.sum(0);
    sum.values = sum.values.defined() ? sum.values + values : values;
    sum.count += found->second.size(0);
  }
  for (const char* name : kPca) {
    const auto found = arrays.find(name);
    if (found == arrays.end()) continue;
    writer_.write(name, {unit.run, unit.first}, found->second);
  }
}

void MergedPictures::write_similarity(std::size_t run) {
  for (const auto& [name, sum] : similarity_[run]) {
    const at::Tensor mean = sum.values / static_cast<double>(sum.count);
    writer_.write(name, {static_cast<std::int64_t>(run), 0, 0, 0}, mean.unsqueeze(0));
  }
}

PredictedPictures MergedPictures::predicted_pictures(int run, const Arrays& arrays) const {
  const PreparedRun& prepared = sweep_.runs[static_cast<std::size_t>(run)];
  PredictedPictures pictures{.timesteps = {},
                             .steps = predicted_steps(sweep_, prepared),
                             .latents = arrays.at(picture_arrays::kPredictedLatents),
                             .images = arrays.at(kPredicted)};
  for (const int step : pictures.steps) {
    pictures.timesteps.push_back(prepared.stages.back().timesteps[static_cast<std::size_t>(step)]);
  }
  return pictures;
}

void MergedPictures::write_predicted(const WorkUnit& unit, const Arrays& arrays,
                                     const Arrays& reference) {
  if (!arrays.contains(kPredicted)) return;
  writer_.write(kPredicted, {unit.run, unit.first}, arrays.at(kPredicted));
  const int baseline = sweep_.experiment.baseline_of(unit.run);
  if (baseline < 0 || sweep_.synthetic) return;
  const PredictedDistances found = predicted_distances(predicted_pictures(unit.run, arrays),
                                                       predicted_pictures(baseline, reference));
  writer_.write(kPredictedMse, {unit.run, unit.first}, found.latent_mse);
  writer_.write(kPredictedPsnr, {unit.run, unit.first}, found.psnr);
}

void MergedPictures::write_distances(const WorkUnit& unit, const Arrays& arrays,
                                     const Arrays& reference) {
  const auto run = static_cast<std::size_t>(unit.run);
  for (const auto& [dataset, values] : distances_.add(run, arrays, reference)) {
    writer_.write(dataset, {unit.run, unit.first}, values);
  }
}

void MergedPictures::write_scores() {
  std::vector<ScoredRun> runs;
  for (std::size_t run = 0; run < sweep_.runs.size(); ++run) {
    runs.push_back(
        {sweep_.runs[run].spec.name, sweep_.experiment.baseline_of(static_cast<int>(run))});
  }
  const RecordTable table = scored_.table(runs);
  if (!table.rows.empty()) writer_.write_table("/scores", table);
}

void MergedPictures::summarise(std::size_t run, int baseline) {
  RunRecord& record = records_[run];
  write_similarity(run);
  if (baseline >= 0) distances_.summarise(record, run);
  if (!sweep_.synthetic) judged_.summarise(record, run, baseline);
}

}  // namespace fdbench
