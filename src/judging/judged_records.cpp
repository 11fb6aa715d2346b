#include "judging/judged_records.h"

#include <cmath>
#include <utility>

#include "core/interrupt.h"
#include "judging/judges.h"
#include "judging/mean_fields.h"
#include "metrics/bootstrap.h"
#include "metrics/frechet_distance.h"
#include "metrics/scores.h"
#include "results/unit_arrays.h"

namespace fdbench {
namespace {

void take(std::vector<at::Tensor>& column, const Arrays& arrays, const char* name) {
  const auto found = arrays.find(name);
  if (found != arrays.end()) column.push_back(found->second);
}

/// Fills a mean and what it is more than the baseline's. values, baseline: one tensor a chunk;
/// baseline empty for the run that others refer to.
void fill_means(RunRecord& record, const MeanFields& own_fields, const MeanFields& change_fields,
                const std::vector<at::Tensor>& values, const std::vector<at::Tensor>& baseline,
                int resamples) {
  if (values.empty()) return;
  const at::Tensor own = at::cat(values, 0);
  fill_mean(record, own_fields, own, resamples);
  if (!baseline.empty()) fill_mean(record, change_fields, own - at::cat(baseline, 0), resamples);
}

}  // namespace

JudgedRuns::JudgedRuns(const JudgeSettings& judges, std::size_t num_runs, ProgressWriter write)
    : judges_(judges), write_(std::move(write)), runs_(num_runs) {
  if (judges.reference.empty()) return;
  reference_ = load_judged_set(judges.reference);
  judges_.metrics = metrics_against(judges, *reference_);
}

void JudgedRuns::add(std::size_t run, const Arrays& arrays) {
  Columns& columns = runs_.at(run);
  take(columns.features, arrays, judged_arrays::kFeatures);
  take(columns.clip_score, arrays, judged_arrays::kClipScore);
  take(columns.objects_right, arrays, judged_arrays::kObjects);
  take(columns.picture_right, arrays, judged_arrays::kWhole);
  take(columns.control_f1, arrays, judged_arrays::kControlF1);
  take(columns.control_precision, arrays, judged_arrays::kControlPrecision);
  take(columns.control_recall, arrays, judged_arrays::kControlRecall);
}

void JudgedRuns::summarise(RunRecord& record, std::size_t run, int baseline) {
  const Columns& own = runs_.at(run);
  const bool compared = baseline >= 0 && baseline != static_cast<int>(run);
  const Columns none;
  const Columns& other = compared ? runs_.at(static_cast<std::size_t>(baseline)) : none;
  fill_means(record,
             {&RunRecord::clip_score, &RunRecord::clip_score_low, &RunRecord::clip_score_high},
             {&RunRecord::clip_score_change, &RunRecord::clip_score_change_low,
              &RunRecord::clip_score_change_high},
             own.clip_score, other.clip_score, judges_.bootstrap);
  fill_means(
      record,
      {&RunRecord::objects_right, &RunRecord::objects_right_low, &RunRecord::objects_right_high},
      {&RunRecord::objects_right_change, &RunRecord::objects_right_change_low,
       &RunRecord::objects_right_change_high},
      own.objects_right, other.objects_right, judges_.bootstrap);
  fill_means(record,
             {&RunRecord::control_f1, &RunRecord::control_f1_low, &RunRecord::control_f1_high},
             {&RunRecord::control_f1_change, &RunRecord::control_f1_change_low,
              &RunRecord::control_f1_change_high},
             own.control_f1, other.control_f1, judges_.bootstrap);
  for (const auto& [field, values] :
       {std::pair{&RunRecord::pictures_right, &own.picture_right},
        std::pair{&RunRecord::control_precision, &own.control_precision},
        std::pair{&RunRecord::control_recall, &own.control_recall}}) {
    if (!values->empty()) record.*field = at::cat(*values, 0).mean().item<double>();
  }
  if (!reference_ || own.features.empty()) return;
  add_distances(record, run, compared ? baseline : -1);
  const double seconds = record.total_s;
  if (record.clip_score > 0) record.ftc = record.fid * seconds / record.clip_score;
}

std::vector<std::string> JudgedRuns::warnings() const {
  if (!reference_ || runs_.empty() || runs_.front().features.empty()) return {};
  // The same in every run.
  std::int64_t count = 0;
  for (const at::Tensor& part : runs_.front().features) count += part.size(0);
  JudgedSet set;
  set.name = "FID of every run";
  set.features.pooled = at::empty({count, runs_.front().features.front().size(1)}, at::kMeta);
  return score_warnings(set, &*reference_, judges_.metrics);
}

const JudgedRuns::Columns& JudgedRuns::with_fids(std::size_t run) {
  Columns& columns = runs_.at(run);
  if (columns.fid) return columns;
  const at::Tensor features = at::cat(columns.features, 0);
  columns.fid = frechet_distance(moments_of(features), *reference_->moments);
  Progress progress(write_, judges_.bootstrap, 0);
  columns.resampled_fids = resampled_frechet_distances(
      features, *reference_->moments, judges_.bootstrap, 0, [&](int done) {
        check_interrupt();
        progress.show(done, "FID's interval, run " + std::to_string(run + 1) + "/" +
                                std::to_string(runs_.size()));
      });
  return columns;
}

void JudgedRuns::add_distances(RunRecord& record, std::size_t run, int baseline) {
  Features features;
  features.pooled = at::cat(runs_[run].features, 0);
  const JudgedSet set = judged_set(record.name, features, feature_judge_hash(judges_));
  for (const Score& found : score(set, &*reference_, judges_.metrics, {})) {
    if (found.name == "fid") record.fid = found.value;
    if (found.name == "kid") record.kid = found.value;
    if (found.name == "precision") record.precision = found.value;
    if (found.name == "recall") record.recall = found.value;
  }
  if (std::isnan(record.fid)) return;
  const Columns& own = with_fids(run);
  const Interval interval = interval_around(*own.fid, own.resampled_fids);
  record.fid_low = interval.low;
  record.fid_high = interval.high;
  if (baseline < 0) return;
  const Columns& other = with_fids(static_cast<std::size_t>(baseline));
  record.fid_change = *own.fid - *other.fid;
  const Interval change =
      interval_around(record.fid_change, differences(own.resampled_fids, other.resampled_fids));
  record.fid_change_low = change.low;
  record.fid_change_high = change.high;
}

}  // namespace fdbench
