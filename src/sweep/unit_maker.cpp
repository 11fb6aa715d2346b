#include "sweep/unit_maker.h"

#include "core/device.h"
#include "sweep/early_checks.h"
#include "sweep/picture_unit.h"
#include "sweep/timing_round.h"

namespace fdbench {

TaskOptions task_options(const Experiment& experiment) {
  return {.dtype = parse_dtype(experiment.dtype), .device = parse_device(experiment.device)};
}

const Task& UnitMaker::task() {
  if (!task_) {
    TaskOptions options = task_options(experiment_);
    options.change = change_;
    task_ = open_task(folders_, options);
  }
  return *task_;
}

void UnitMaker::load_judges(const PreparedSweep& sweep) {
  if (judges_ || !experiment_.judges.wanted() || sweep.synthetic) return;
  judges_.emplace(experiment_, picture_size(sweep, folders_));
}

Arrays UnitMaker::pictures(const PreparedSweep& sweep, const WorkUnit& unit,
                           const std::function<void(std::int64_t)>& made) {
  const Task& opened = task();
  load_judges(sweep);
  made(0);
  Arrays arrays = make_pictures(sweep, opened, unit, made);
  if (judges_) judges_->judge(arrays, unit.first);
  return arrays;
}

Arrays UnitMaker::round(const PreparedSweep& sweep, const WorkUnit& unit) {
  const Task& opened = task();
  if (!is_warm_) warm_up(sweep, opened);
  is_warm_ = true;
  return time_round(sweep, opened, unit.round);
}

void UnitMaker::forget() {
  task_.reset();
  judges_.reset();
}

}  // namespace fdbench
