#include "sweep/sweep_runner.h"

#include <algorithm>
#include <optional>

#include "core/device.h"
#include "core/interrupt.h"
#include "core/progress.h"
#include "results/provenance.h"
#include "results/result_reader.h"
#include "sweep/assemble.h"
#include "sweep/early_checks.h"
#include "sweep/equal_time.h"
#include "sweep/measure_rounds.h"
#include "sweep/measured_execution.h"
#include "sweep/sweep_plan.h"
#include "sweep/sweep_text.h"
#include "sweep/timing_process.h"
#include "sweep/unit_maker.h"
#include "tasks/prompt_limits.h"
#include "tasks/text_to_image.h"

namespace fdbench {
namespace {

/// The work of one call of run_sweep.
class SweepRun {
 public:
  SweepRun(const Experiment& experiment, const SweepOptions& options, const Reporter& reporter)
      : experiment_(experiment),
        options_(options),
        reporter_(reporter),
        plan_(experiment, options.shard),
        maker_(experiment, plan_.folders(), options.change) {}

  std::optional<ResultSummary> run() {
    check_draws_pictures(plan_.folders().back().folder);
    if (options_.timing_rounds) {
      measure_for_parent();
      return std::nullopt;
    }
    say_head();
    if (options_.dry_run) {
      say_plan();
      return std::nullopt;
    }
    if (already_complete()) return whole_result();
    check_before_work();
    UnitFolder unit_folder(options_.output, plan_.settings(), options_.fresh);
    plan_.decide(unit_folder.path(), maker_, reporter_);
    compute(unit_folder);
    if (!options_.shard.whole()) {
      finish_shard(unit_folder);
      return std::nullopt;
    }
    assemble({.sweep = plan_.sweep(),
              .folders = plan_.folders(),
              .settings = plan_.settings(),
              .num_threads = plan_.num_threads(),
              .provenance = provenance(),
              .write_progress = reporter_.write_progress},
             plan_.units(), unit_folder, options_.output);
    unit_folder.remove();
    return whole_result();
  }

 private:
  void say(const std::string& line) const {
    if (reporter_.say) reporter_.say(line);
  }

  void say_head() const {
    const char* label = "model   ";
    for (const std::string& line :
         model_lines(plan_.sweep(), plan_.folders(), plan_.num_threads())) {
      say(label + line);
      label = "        ";
    }
    say("sweep   " + sweep_line(plan_.sweep()) + "  ->  " + options_.output.string());
    for (const StageFolder& stage : plan_.folders()) {
      warn_of_cut_prompts(stage.folder, experiment_.captions);
    }
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
    const ShardInfo info{.path = options_.output,
                         .shard = options_.shard,
                         .settings = plan_.settings(),
                         .config_text = experiment_.config_text,
                         .config_path = experiment_.config_path.string(),
                         .num_threads = plan_.num_threads(),
                         .provenance = provenance(),
                         .units = {}};
    write_shard(info, unit_folder, plan_.units());
    unit_folder.remove();
    say("shard   " + options_.shard.text() + ": " + std::to_string(plan_.units().size()) +
        " work units  ->  " + options_.output.string());
  }

  /// All that can be known before the network runs.
  void check_before_work() {
    std::vector<WorkUnit> missing;
    const std::filesystem::path units = unit_folder_path(options_.output);
    for (const WorkUnit& unit : plan_.units()) {
      const bool is_there = !options_.fresh && unit_complete(units / unit.file_name());
      if (unit.kind == WorkUnit::Kind::kPictures && !is_there) missing.push_back(unit);
    }
    check_before_pictures(plan_.sweep(), plan_.folders(), options_.output, missing);
    if (!missing.empty()) maker_.load_judges(plan_.sweep());
  }

  void say_plan() {
    check_before_work();
    if (!plan_.sweep().synthetic) {  // names and shapes of all weights
      TaskOptions options = task_options(experiment_);
      options.reading = Reading::kAtFirstUse;
      open_task(plan_.folders(), options);
    }
    for (const std::string& line : plan_lines(plan_.sweep())) say(line);
    for (const PreparedRun& run : plan_.sweep().runs) {
      if (run.spec.execution != Execution::kAuto) continue;
      say("  " + run.spec.name + ": " + auto_text(run.stages[0]));
    }
    if (experiment_.equal_time.wanted()) {
      say("  and for each of " + std::to_string(equal_time_methods(experiment_).size()) +
          " methods the plain sampler with the steps that fit into its measured time");
    }
    say("plan    " + shard_text() + std::to_string(plan_.units().size()) + " work units, " +
        std::to_string(count_complete(plan_.units(), unit_folder_path(options_.output))) +
        " complete; nothing was computed or written (--dry-run)");
  }

  /// True when the output is there whole. Throws when it is of another configuration.
  bool already_complete() const {
    if (options_.fresh || !std::filesystem::exists(options_.output)) return false;
    const std::string changes =
        describe_changes(settings_of_file(options_.output, options_.shard), plan_.settings());
    if (!changes.empty() && has_begun(options_.output, plan_.settings())) return false;
    if (!changes.empty()) {
      throw usage_error(Place{options_.output.string()},
                        "is the result of another configuration: " + changes +
                            "; --fresh replaces it, --out names another file");
    }
    remove_leftovers(options_.output, plan_.settings());
    say("plan    complete already; nothing to do (--fresh begins anew)");
    return true;
  }

  /// Computes what is missing: pictures first, then rounds.
  void compute(const UnitFolder& unit_folder) {
    std::vector<const WorkUnit*> pictures, rounds;
    double done = 0, total = 0;
    std::size_t complete = 0;
    for (const WorkUnit& unit : plan_.units()) {
      const bool is_round = unit.kind == WorkUnit::Kind::kTiming;
      const bool is_done = unit_usable(unit_folder.file(unit));
      total += unit.cost;
      done += is_done ? unit.cost : 0;
      complete += is_done;
      if (is_round) rounds.push_back(&unit);
      if (!is_round && !is_done) pictures.push_back(&unit);
    }
    write_plan_file(unit_folder.path(), plan_.units().size());
    say("plan    " + shard_text() + std::to_string(plan_.units().size()) + " work units" +
        (complete ? ", " + std::to_string(complete) + " found complete, going on" : ""));
    Progress progress(reporter_.write_progress, total, done);
    std::size_t measured = 0;
    try {
      for (const WorkUnit* unit : pictures) {
        make_pictures_of(*unit, unit_folder, progress, done);
        done += unit->cost;
      }
      measured = measure_rounds(
          plan_.sweep(), rounds, unit_folder, round_source(),
          [&](double cost, const std::string& text) { progress.show(done + cost, text); });
    } catch (const Interrupted&) {
      throw runtime_error("stopped by a signal; " +
                          std::to_string(count_complete(plan_.units(), unit_folder.path())) +
                          " of " + std::to_string(plan_.units().size()) +
                          " work units are complete in " + unit_folder.path().string() +
                          ", the same command goes on from there");
    }
    if (measured < rounds.size()) {
      say("timing  " + std::to_string(measured) + " rounds are enough");
    }
    plan_.keep_rounds(measured);
  }

  /// done: what was finished before the unit.
  void make_pictures_of(const WorkUnit& unit, const UnitFolder& unit_folder, Progress& progress,
                        double done) {
    // Another run of the same grid may have made it meanwhile.
    if (unit_complete(unit_folder.file(unit))) return;
    const auto show = [&](std::int64_t made) {
      const double share = static_cast<double>(made) / static_cast<double>(unit.count);
      progress.show(done + unit.cost * share,
                    plan_.sweep().runs[static_cast<std::size_t>(unit.run)].spec.name +
                        "  picture " + std::to_string(unit.first + made) + "/" +
                        std::to_string(experiment_.num_pictures()));
    };
    write_unit(unit_folder.file(unit), maker_.pictures(plan_.sweep(), unit, show));
  }

  RoundSource round_source() {
    return {.here = [this](const WorkUnit& unit) { return maker_.round(plan_.sweep(), unit); },
            // Beside a process that measures this one holds no model.
            .make_room = [this] { maker_.forget(); },
            .command = options_.timing_command};
  }

  /// What a process of `timing_command` does: the caller holds the lock of the units' folder, and
  /// what is measured before planning is there.
  void measure_for_parent() {
    end_with_parent();
    const std::filesystem::path folder = unit_folder_path(options_.output);
    plan_.decide(folder, maker_, {});
    for (const WorkUnit& unit : plan_.units()) {
      const bool is_asked = unit.kind == WorkUnit::Kind::kTiming &&
                            unit.round >= options_.timing_rounds->first &&
                            unit.round <= options_.timing_rounds->second;
      const std::filesystem::path file = folder / unit.file_name();
      if (is_asked && !unit_complete(file)) {
        write_unit(file, maker_.round(plan_.sweep(), unit));
      }
    }
  }

  const Experiment& experiment_;
  const SweepOptions& options_;
  const Reporter& reporter_;
  SweepPlan plan_;
  UnitMaker maker_;
};

}  // namespace

std::optional<ResultSummary> run_sweep(const Experiment& experiment, const SweepOptions& options,
                                       const Reporter& reporter) {
  parse_device(experiment.device);
  return SweepRun(experiment, options, reporter).run();
}

}  // namespace fdbench
