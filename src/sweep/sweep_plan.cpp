#include "sweep/sweep_plan.h"

#include <ATen/Parallel.h>

#include "core/interrupt.h"
#include "core/progress.h"
#include "sweep/early_checks.h"
#include "sweep/equal_time.h"
#include "sweep/measured_execution.h"

namespace fdbench {
namespace {

void say(const Reporter& reporter, const std::string& line) {
  if (reporter.say) reporter.say(line);
}

}  // namespace

SweepPlan::SweepPlan(const Experiment& experiment, const Shard& shard)
    : folders_(open_models(experiment)),
      outline_(open_task(folders_, {.wanted = Wanted::kOutline})),
      sweep_(prepare_sweep(experiment, folders_, *outline_)),
      num_threads_(at::get_num_threads()),
      settings_(sweep_settings(experiment, folders_, num_threads_)),
      units_(units_of_shard(plan_units(sweep_, settings_), shard)) {
  if (!shard.whole()) check_runs_in_shards(experiment);
}

void SweepPlan::decide(const std::filesystem::path& folder, UnitMaker& maker,
                       const Reporter& reporter) {
  if (has_auto_execution(sweep_.experiment)) choose_executions(folder, maker, reporter);
  if (sweep_.experiment.equal_time.wanted()) add_equal_time(folder, maker, reporter);
}

void SweepPlan::keep_rounds(std::size_t num_rounds) {
  std::erase_if(units_, [&](const WorkUnit& unit) {
    return unit.kind == WorkUnit::Kind::kTiming && unit.round >= static_cast<int>(num_rounds);
  });
}

void SweepPlan::choose_executions(const std::filesystem::path& folder, UnitMaker& maker,
                                  const Reporter& reporter) {
  Progress progress(reporter.write_progress, 1, 0);
  const auto measured = [&](const WorkUnit& unit) {
    const std::filesystem::path file = folder / unit.file_name();
    if (!unit_usable(file)) {
      const auto between = [&] { progress.show(0, "timing for execution: auto"); };
      const PromptPair pair = encode_pair(sweep_, maker.task(), 0, 0, 1);
      write_unit(file, measure_execution(sweep_, maker.task(), unit.run, pair, between));
    }
    return read_unit(file);
  };
  try {
    replan(with_measured_executions(sweep_, settings_, measured, [&](const std::string& line) {
      progress.clear();
      say(reporter, "chosen  " + line);
    }));
  } catch (const Interrupted&) {
    throw runtime_error("stopped by a signal while runs were timed for execution: auto");
  }
}

void SweepPlan::add_equal_time(const std::filesystem::path& folder, UnitMaker& maker,
                               const Reporter& reporter) {
  const std::filesystem::path file = folder / calibration_unit(decided_settings()).file_name();
  if (!unit_usable(file)) {
    Progress progress(reporter.write_progress, 1, 0);
    try {
      write_unit(file, calibrate(sweep_, maker.task(), [&](int done, int total) {
                   progress.show(static_cast<double>(done) / total, "timing for equal_time");
                 }));
    } catch (const Interrupted&) {
      throw runtime_error("stopped by a signal while the runs were timed for equal_time");
    }
  }
  const std::size_t before = sweep_.runs.size();
  replan(with_equal_time(sweep_.experiment, read_unit(file)));
  for (std::size_t run = before; run < sweep_.runs.size(); ++run) {
    say(reporter, "added   " + sweep_.runs[run].spec.name);
  }
}

void SweepPlan::replan(const Experiment& decided) {
  sweep_ = prepare_sweep(decided, folders_, *outline_);
  units_ = plan_units(sweep_, decided_settings());
}

Settings SweepPlan::decided_settings() const {
  return sweep_settings(sweep_.experiment, folders_, num_threads_);
}

}  // namespace fdbench
