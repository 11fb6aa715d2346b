#include "sweep/sweep_runner.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <optional>

#include "core/device.h"
#include "core/interrupt.h"
#include "core/progress.h"
#include "judging/judges.h"
#include "results/provenance.h"
#include "results/result_reader.h"
#include "results/unit_arrays.h"
#include "sweep/assemble.h"
#include "sweep/early_checks.h"
#include "sweep/equal_time.h"
#include "sweep/measure_rounds.h"
#include "sweep/measured_execution.h"
#include "sweep/picture_unit.h"
#include "sweep/sweep_text.h"
#include "sweep/timing_process.h"
#include "sweep/timing_round.h"
#include "tasks/open_task.h"
#include "tasks/prompt_limits.h"
#include "tasks/text_to_image.h"
#include "work/sweep_settings.h"

namespace fdbench {
namespace {

/// The work of one call of run_sweep.
class SweepRun {
 public:
  SweepRun(const Experiment& experiment, const SweepOptions& options, const Reporter& reporter)
      : experiment_(experiment),
        options_(options),
        reporter_(reporter),
        folders_(open_models(experiment)),
        outline_(open_task(folders_, {.wanted = Wanted::kOutline})),
        sweep_(prepare_sweep(experiment, folders_, *outline_)),
        num_threads_(at::get_num_threads()),
        settings_(sweep_settings(experiment, folders_, num_threads_)),
        units_(units_of_shard(plan_units(sweep_, settings_), options.shard)) {
    if (!options.shard.whole()) check_runs_in_shards(experiment);
  }

  std::optional<ResultSummary> run() {
    check_draws_pictures(folders_.back().folder);
    if (options_.timing_rounds) {
      measure_for_parent();
      return std::nullopt;
    }
    const char* label = "model   ";
    for (const std::string& line : model_lines(sweep_, folders_, num_threads_)) {
      say(label + line);
      label = "        ";
    }
    say("sweep   " + sweep_line(sweep_) + "  ->  " + options_.output.string());
    for (const StageFolder& stage : folders_) {
      warn_of_cut_prompts(stage.folder, experiment_.captions);
    }
    if (options_.dry_run) {
      say_plan();
      return std::nullopt;
    }
    if (already_complete()) return whole_result();
    check_before_work();
    UnitFolder unit_folder(options_.output, settings_, options_.fresh);
    choose_executions(unit_folder.path());
    if (experiment_.equal_time.wanted()) add_equal_time(unit_folder);
    compute(unit_folder);
    if (!options_.shard.whole()) {
      finish_shard(unit_folder);
      return std::nullopt;
    }
    assemble(
        {sweep_, folders_, settings_, num_threads_, provenance(), {}, reporter_.write_progress},
        units_, unit_folder, options_.output);
    unit_folder.remove();
    return whole_result();
  }

 private:
  void say(const std::string& line) const {
    if (reporter_.say) reporter_.say(line);
  }

  std::string shard_text() const {
    return options_.shard.whole() ? "" : "shard " + options_.shard.text() + ": ";
  }

  /// Nothing where the output is a part.
  std::optional<ResultSummary> whole_result() const {
    if (!options_.shard.whole()) return std::nullopt;
    return read_summary(options_.output);
  }

  /// What was computed goes into one file, which `fdbench merge` takes.
  void finish_shard(UnitFolder& unit_folder) const {
    const ShardInfo info{options_.output,
                         options_.shard,
                         settings_,
                         experiment_.config_text,
                         experiment_.config_path.string(),
                         num_threads_,
                         provenance(),
                         {}};
    write_shard(info, unit_folder, units_);
    unit_folder.remove();
    say("shard   " + options_.shard.text() + ": " + std::to_string(units_.size()) +
        " work units  ->  " + options_.output.string());
  }

  /// All that can be known before the network runs.
  void check_before_work() {
    std::vector<WorkUnit> missing;
    const std::filesystem::path units = unit_folder_path(options_.output);
    for (const WorkUnit& unit : units_) {
      const bool is_there = !options_.fresh && unit_complete(units / unit.file_name());
      if (unit.kind == WorkUnit::Kind::kPictures && !is_there) missing.push_back(unit);
    }
    check_before_pictures(sweep_, folders_, options_.output, missing);
    if (!missing.empty()) load_judges();
  }

  /// What random weights draw means nothing, and is never judged.
  void load_judges() {
    if (judges_ || !experiment_.judges.wanted() || sweep_.synthetic) return;
    judges_.emplace(experiment_, picture_size(sweep_, folders_));
  }

  void say_plan() {
    check_before_work();
    if (!sweep_.synthetic) {  // names and shapes of all weights
      TaskOptions options = task_options();
      options.reading = Reading::kAtFirstUse;
      open_task(folders_, options);
    }
    for (const std::string& line : plan_lines(sweep_)) say(line);
    for (const PreparedRun& run : sweep_.runs) {
      if (run.spec.execution != Execution::kAuto) continue;
      say("  " + run.spec.name + ": " + auto_text(run.stages[0]));
    }
    if (experiment_.equal_time.wanted()) {
      say("  and for each of " + std::to_string(equal_time_methods(experiment_).size()) +
          " methods the plain sampler with the steps that fit into its measured time");
    }
    say("plan    " + shard_text() + std::to_string(units_.size()) + " work units, " +
        std::to_string(count_complete(units_, unit_folder_path(options_.output))) +
        " complete; nothing was computed or written (--dry-run)");
  }

  /// True when the output is there whole. Throws when it is of another configuration.
  bool already_complete() const {
    if (options_.fresh || !std::filesystem::exists(options_.output)) return false;
    const std::string changes =
        describe_changes(settings_of_file(options_.output, options_.shard), settings_);
    if (!changes.empty() && has_begun(options_.output, settings_)) return false;
    if (!changes.empty()) {
      throw usage_error(Place{options_.output.string()},
                        "is the result of another configuration: " + changes +
                            "; --fresh replaces it, --out names another file");
    }
    remove_leftovers(options_.output, settings_);
    say("plan    complete already; nothing to do (--fresh begins anew)");
    return true;
  }

  /// The model with its weights, from the first call on.
  const Task& loaded() {
    if (!task_) {
      TaskOptions options = task_options();
      options.change = options_.change;
      task_ = open_task(folders_, options);
    }
    return *task_;
  }

  TaskOptions task_options() const {
    return {.dtype = parse_dtype(experiment_.dtype), .device = parse_device(experiment_.device)};
  }

  /// Decides the runs of `execution: auto`, by what is measured now or was before.
  void choose_executions(const std::filesystem::path& folder) {
    if (!has_auto_execution(sweep_.experiment)) return;
    Progress progress(reporter_.write_progress, 1, 0);
    const auto measured = [&](const WorkUnit& unit) {
      const std::filesystem::path file = folder / unit.file_name();
      if (!unit_usable(file)) {
        const auto between = [&] { progress.show(0, "timing for execution: auto"); };
        const PromptPair pair = encode_pair(sweep_, loaded(), 0, 0, 1);
        write_unit(file, measure_execution(sweep_, loaded(), unit.run, pair, between));
      }
      return read_unit(file);
    };
    Experiment decided;
    try {
      decided = with_measured_executions(sweep_, settings_, measured, [&](const std::string& line) {
        progress.clear();
        say("chosen  " + line);
      });
    } catch (const Interrupted&) {
      throw runtime_error("stopped by a signal while runs were timed for execution: auto");
    }
    sweep_ = prepare_sweep(decided, folders_, *outline_);
    units_ = plan_units(sweep_, decided_settings());
  }

  /// Of the sweep with its executions decided.
  Settings decided_settings() const {
    return sweep_settings(sweep_.experiment, folders_, num_threads_);
  }

  /// Measures the methods, unless that was done before, and adds the plain runs of their time.
  void add_equal_time(const UnitFolder& unit_folder) {
    const std::filesystem::path file = unit_folder.file(calibration_unit(decided_settings()));
    if (!unit_usable(file)) {
      const Task& task = loaded();
      Progress progress(reporter_.write_progress, 1, 0);
      try {
        write_unit(file, calibrate(sweep_, task, [&](int done, int total) {
                     progress.show(static_cast<double>(done) / total, "timing for equal_time");
                   }));
      } catch (const Interrupted&) {
        throw runtime_error("stopped by a signal while the runs were timed for equal_time");
      }
    }
    const std::size_t before = sweep_.runs.size();
    add_plain_runs(file);
    for (std::size_t run = before; run < sweep_.runs.size(); ++run) {
      say("added   " + sweep_.runs[run].spec.name);
    }
  }

  /// calibration: file of the unit that `calibrate` made.
  void add_plain_runs(const std::filesystem::path& calibration) {
    const Experiment whole = with_equal_time(sweep_.experiment, read_unit(calibration));
    sweep_ = prepare_sweep(whole, folders_, *outline_);
    units_ = plan_units(sweep_, sweep_settings(whole, folders_, num_threads_));
  }

  /// Computes what is missing: pictures first, then rounds.
  void compute(const UnitFolder& unit_folder) {
    std::vector<const WorkUnit*> pictures, rounds;
    double done = 0, total = 0;
    std::size_t complete = 0;
    for (const WorkUnit& unit : units_) {
      const bool is_round = unit.kind == WorkUnit::Kind::kTiming;
      const bool is_done = unit_usable(unit_folder.file(unit));
      total += unit.cost;
      done += is_done ? unit.cost : 0;
      complete += is_done;
      if (is_round) rounds.push_back(&unit);
      if (!is_round && !is_done) pictures.push_back(&unit);
    }
    write_plan_file(unit_folder.path(), units_.size());
    say("plan    " + shard_text() + std::to_string(units_.size()) + " work units" +
        (complete ? ", " + std::to_string(complete) + " found complete, going on" : ""));
    Progress progress(reporter_.write_progress, total, done);
    std::size_t measured = 0;
    try {
      for (const WorkUnit* unit : pictures) {
        // Another run of the same grid may have made it meanwhile.
        if (!unit_complete(unit_folder.file(*unit))) {
          write_unit(unit_folder.file(*unit), picture_arrays_of(*unit, progress, done));
        }
        done += unit->cost;
        ++complete;
      }
      measured = measure_rounds(
          sweep_, rounds, unit_folder, round_source(),
          [&](double cost, const std::string& text) { progress.show(done + cost, text); });
    } catch (const Interrupted&) {
      throw runtime_error("stopped by a signal; " +
                          std::to_string(count_complete(units_, unit_folder.path())) + " of " +
                          std::to_string(units_.size()) + " work units are complete in " +
                          unit_folder.path().string() + ", the same command goes on from there");
    }
    if (measured < rounds.size()) {
      say("timing  " + std::to_string(measured) + " rounds are enough");
    }
    std::erase_if(units_, [&](const WorkUnit& unit) {
      return unit.kind == WorkUnit::Kind::kTiming && unit.round >= static_cast<int>(measured);
    });
  }

  RoundSource round_source() {
    return {[this](const WorkUnit& unit) { return measured_round(unit); },
            // Beside a process that measures this one holds no model.
            [this] {
              task_.reset();
              judges_.reset();
            },
            options_.timing_command};
  }

  /// What a process of `timing_command` does: the caller holds the lock of the units' folder.
  void measure_for_parent() {
    end_with_parent();
    const std::filesystem::path folder = unit_folder_path(options_.output);
    choose_executions(folder);
    if (experiment_.equal_time.wanted()) {
      add_plain_runs(folder / calibration_unit(decided_settings()).file_name());
    }
    for (const WorkUnit& unit : units_) {
      const bool is_asked = unit.kind == WorkUnit::Kind::kTiming &&
                            unit.round >= options_.timing_rounds->first &&
                            unit.round <= options_.timing_rounds->second;
      const std::filesystem::path file = folder / unit.file_name();
      if (is_asked && !unit_complete(file)) write_unit(file, measured_round(unit));
    }
  }

  Arrays measured_round(const WorkUnit& unit) {
    const Task& task = loaded();
    if (!warm_) warm_up(sweep_, task);
    warm_ = true;
    return time_round(sweep_, task, unit.round);
  }

  Arrays picture_arrays_of(const WorkUnit& unit, Progress& progress, double done) {
    const Task& task = loaded();
    load_judges();
    const auto show = [&](std::int64_t made) {
      progress.show(done + unit.cost * static_cast<double>(made) / static_cast<double>(unit.count),
                    sweep_.runs[unit.run].spec.name + "  picture " +
                        std::to_string(unit.first + made) + "/" +
                        std::to_string(experiment_.num_pictures()));
    };
    show(0);
    Arrays arrays = make_pictures(sweep_, task, unit, show);
    if (judges_) judges_->judge(arrays, unit.first);
    return arrays;
  }

  const Experiment& experiment_;
  const SweepOptions& options_;
  const Reporter& reporter_;
  std::vector<StageFolder> folders_;
  std::unique_ptr<Task> outline_;
  PreparedSweep sweep_;
  int num_threads_;
  Settings settings_;
  std::vector<WorkUnit> units_;
  std::unique_ptr<Task> task_;
  std::optional<SweepJudges> judges_;
  bool warm_ = false;
};

}  // namespace

std::optional<ResultSummary> run_sweep(const Experiment& experiment, const SweepOptions& options,
                                       const Reporter& reporter) {
  parse_device(experiment.device);
  return SweepRun(experiment, options, reporter).run();
}

}  // namespace fdbench
