// Makes what work units hold. Model and judges are loaded when the first unit wants them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "judging/judges.h"
#include "results/unit_file.h"
#include "work/prepared_sweep.h"
#include "work/work_units.h"

namespace fdbench {

class UnitMaker {
 public:
  /// experiment, folders: outlive the maker. change: of the networks that draw and are timed.
  UnitMaker(const Experiment& experiment, const std::vector<StageFolder>& folders,
            DenoiserChange change)
      : experiment_(experiment), folders_(folders), change_(std::move(change)) {}

  /// The model with its weights.
  const Task& task();
  /// What random weights draw means nothing, and is never judged.
  void load_judges(const PreparedSweep& sweep);
  /// A `pictures` unit, judged. made: called with the number of pictures made so far.
  Arrays pictures(const PreparedSweep& sweep, const WorkUnit& unit,
                  const std::function<void(std::int64_t)>& made);
  /// A `timing` unit; the first one after a warm-up.
  Arrays round(const PreparedSweep& sweep, const WorkUnit& unit);
  /// Gives model and judges up: another process is to have the memory.
  void forget();

 private:
  const Experiment& experiment_;
  const std::vector<StageFolder>& folders_;
  DenoiserChange change_;
  std::unique_ptr<Task> task_;
  std::optional<SweepJudges> judges_;
  bool is_warm_ = false;
};

/// How the experiment's model is opened.
TaskOptions task_options(const Experiment& experiment);

}  // namespace fdbench
