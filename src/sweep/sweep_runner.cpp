#include "sweep/sweep_runner.h"

#include <ATen/Parallel.h>

#include <cstdio>
#include <optional>

#include "core/device.h"
#include "core/progress.h"
#include "pipelines/text_to_image.h"
#include "results/provenance.h"
#include "results/result_reader.h"
#include "results/run_table.h"
#include "sweep/assemble.h"
#include "sweep/equal_time.h"
#include "sweep/interrupt.h"
#include "sweep/judges.h"
#include "sweep/picture_unit.h"
#include "sweep/timing_round.h"

namespace fdbench {
namespace {

std::string sweep_line(const PreparedSweep& sweep) {
  const Experiment& experiment = sweep.experiment;
  char guidance[32];
  std::snprintf(guidance, sizeof guidance, "%g", experiment.guidance_scale);
  const std::string sampler = sampler_of_run(sweep, experiment.runs.front())->name();
  return std::to_string(experiment.runs.size()) + " runs x " +
         std::to_string(experiment.captions.size()) + " prompts, " + sampler + " " +
         std::to_string(experiment.runs.front().num_steps) + " steps, guidance " + guidance + ", " +
         std::to_string(experiment.timing.rounds) + " timing rounds";
}

/// ", tokens merged: 0.5"; "" where none are.
std::string merging_text(const TokenMerging& merging) {
  if (!merging.on()) return "";
  char text[64];
  std::snprintf(text, sizeof text, ", tokens merged: %g", merging.ratio);
  return text;
}

/// The work of one call of run_sweep.
class SweepRun {
 public:
  SweepRun(const Experiment& experiment, const SweepOptions& options)
      : experiment_(experiment),
        options_(options),
        folder_(open_model(experiment)),
        outline_(load_outline(folder_)),
        sweep_(prepare_sweep(experiment, folder_, *outline_)),
        num_threads_(at::get_num_threads()),
        settings_(sweep_settings(experiment, folder_, num_threads_)),
        units_(units_of_shard(plan_units(sweep_, settings_), options.shard)) {
    if (!options.shard.whole() && experiment.equal_time.wanted()) {
      throw usage_error(Place{experiment.config_path.string()},
                        "equal_time measures before it plans, so the sweep cannot run in shards");
    }
  }

  void run() {
    say("model   " + model_line(sweep_, folder_, num_threads_));
    say("sweep   " + sweep_line(sweep_) + "  ->  " + options_.output.string());
    if (options_.dry_run) return print_plan();
    if (already_complete()) return;
    UnitFolder unit_folder(options_.output, settings_, options_.fresh);
    const InterruptGuard guard;
    if (experiment_.equal_time.wanted()) add_equal_time(unit_folder);
    compute(unit_folder);
    if (!options_.shard.whole()) return finish_shard(unit_folder);
    const std::vector<RunRecord> records =
        assemble({sweep_, folder_, settings_, num_threads_, provenance(), {}, !options_.quiet},
                 units_, unit_folder, options_.output);
    unit_folder.remove();
    print_table(records);
  }

 private:
  void say(const std::string& line) const {
    if (options_.quiet) return;
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  }

  std::string shard_text() const {
    return options_.shard.whole() ? "" : "shard " + options_.shard.text() + ": ";
  }

  void print_table(const std::vector<RunRecord>& records) const {
    say("\n" + format_runs(records, "table"));
    say("results  " + options_.output.string());
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

  /// The settings of the file that is there.
  Settings settings_of_output() const {
    if (options_.shard.whole()) {
      const auto attributes = read_summary(options_.output).attributes;
      const auto found = attributes.find("settings");
      return found == attributes.end() ? Settings{} : settings_from_json(found->second);
    }
    const ShardInfo info = read_shard_info(options_.output);
    if (info.shard.text() == options_.shard.text()) return info.settings;
    throw usage_error(Place{options_.output.string()},
                      "is shard " + info.shard.text() + ", not " + options_.shard.text());
  }

  void print_plan() const {
    for (const PreparedRun& run : sweep_.runs) {
      char line[256];
      std::snprintf(line, sizeof line,
                    "  %-36s %4d of %4d steps call the network, %5lld of %5lld layer runs",
                    run.spec.name.c_str(), run.schedule.num_calls(), run.plan.num_steps(),
                    static_cast<long long>(run.schedule.num_layer_runs()),
                    static_cast<long long>(run.layers_total()));
      const NoiseInjection& injection = run.spec.noise_injection;
      say(line + merging_text(run.spec.tome) +
          (injection.enabled() ? ", noise injection " + describe(injection) : ""));
    }
    if (experiment_.equal_time.wanted()) {
      say("  and for each of " + std::to_string(equal_time_methods(experiment_).size()) +
          " methods the plain sampler with the steps that fit into its measured time");
    }
    const std::filesystem::path units = unit_folder_path(options_.output);
    std::size_t complete = 0;
    for (const WorkUnit& unit : units_) complete += unit_complete(units / unit.file_name());
    say("plan    " + shard_text() + std::to_string(units_.size()) + " work units, " +
        std::to_string(complete) + " complete; nothing was computed or written (--dry-run)");
  }

  /// True when the output is there whole. Throws when it is of another configuration.
  bool already_complete() const {
    if (options_.fresh || !std::filesystem::exists(options_.output)) return false;
    const std::string changes = describe_changes(settings_of_output(), settings_);
    if (!changes.empty() && has_begun(options_.output, settings_)) return false;
    if (!changes.empty()) {
      throw usage_error(Place{options_.output.string()},
                        "is the result of another configuration: " + changes +
                            "; --fresh replaces it, --out names another file");
    }
    remove_leftovers(options_.output, settings_);
    say("plan    complete already; nothing to do (--fresh begins anew)");
    if (options_.shard.whole()) print_table(read_summary(options_.output).runs);
    return true;
  }

  /// The model with its weights, from the first call on.
  const TextToImagePipeline& loaded() {
    if (!pipeline_) {
      pipeline_.emplace(folder_, parse_dtype(experiment_.dtype), parse_device(experiment_.device));
    }
    return *pipeline_;
  }

  /// Measures the methods, unless that was done before, and adds the plain runs of their time.
  void add_equal_time(const UnitFolder& unit_folder) {
    const std::filesystem::path file = unit_folder.file(calibration_unit(settings_));
    if (!is_complete(file)) {
      const TextToImagePipeline& pipeline = loaded();
      Progress progress(stderr, !options_.quiet, 1, 0);
      try {
        write_unit(file, calibrate(sweep_, pipeline, [&](int done, int total) {
                     progress.show(static_cast<double>(done) / total, "timing for equal_time");
                   }));
      } catch (const Interrupted&) {
        throw runtime_error("stopped by a signal while the runs were timed for equal_time");
      }
    }
    const std::size_t before = sweep_.runs.size();
    const Experiment whole = with_equal_time(experiment_, read_unit(file));
    sweep_ = prepare_sweep(whole, folder_, *outline_);
    units_ = plan_units(sweep_, sweep_settings(whole, folder_, num_threads_));
    for (std::size_t run = before; run < sweep_.runs.size(); ++run) {
      say("added   " + sweep_.runs[run].spec.name);
    }
  }

  /// Computes what is missing.
  void compute(const UnitFolder& unit_folder) {
    std::vector<const WorkUnit*> missing;
    double done = 0, total = 0;
    for (const WorkUnit& unit : units_) {
      total += unit.cost;
      if (is_complete(unit_folder.file(unit))) {
        done += unit.cost;
      } else {
        missing.push_back(&unit);
      }
    }
    const std::size_t complete = units_.size() - missing.size();
    say("plan    " + shard_text() + std::to_string(units_.size()) + " work units" +
        (complete ? ", " + std::to_string(complete) + " found complete, going on" : ""));
    if (missing.empty()) return;
    const TextToImagePipeline& pipeline = loaded();
    // What random weights draw means nothing, and is never judged.
    if (experiment_.judges.wanted() && !sweep_.synthetic) judges_.emplace(experiment_);
    Progress progress(stderr, !options_.quiet, total, done);
    std::size_t finished = complete;
    try {
      for (const WorkUnit* unit : missing) {
        write_unit(unit_folder.file(*unit), compute_unit(*unit, pipeline, progress, done));
        done += unit->cost;
        ++finished;
      }
    } catch (const Interrupted&) {
      throw runtime_error("stopped by a signal; " + std::to_string(finished) + " of " +
                          std::to_string(units_.size()) + " work units are complete in " +
                          unit_folder.path().string() + ", the same command goes on from there");
    }
  }

  bool is_complete(const std::filesystem::path& path) const {
    if (unit_complete(path)) return true;
    if (std::filesystem::exists(path)) {
      std::fprintf(stderr, "note: %s is damaged and is computed again\n", path.c_str());
    }
    return false;
  }

  Arrays compute_unit(const WorkUnit& unit, const TextToImagePipeline& pipeline, Progress& progress,
                      double done) {
    if (unit.kind == WorkUnit::Kind::kTiming) {
      progress.show(done, "timing round " + std::to_string(unit.round + 1) + "/" +
                              std::to_string(experiment_.timing.rounds));
      if (!warm_) warm_up(sweep_, pipeline);
      warm_ = true;
      return time_round(sweep_, pipeline, unit.round);
    }
    const auto show = [&](std::int64_t made) {
      progress.show(done + unit.cost * static_cast<double>(made) / static_cast<double>(unit.count),
                    sweep_.runs[unit.run].spec.name + "  picture " +
                        std::to_string(unit.first + made) + "/" +
                        std::to_string(experiment_.num_pictures()));
    };
    show(0);
    Arrays arrays = make_pictures(sweep_, pipeline, unit, show);
    if (judges_) judges_->judge(arrays, unit.first);
    return arrays;
  }

  const Experiment& experiment_;
  const SweepOptions& options_;
  ModelFolder folder_;
  std::unique_ptr<Denoiser> outline_;
  PreparedSweep sweep_;
  int num_threads_;
  Settings settings_;
  std::vector<WorkUnit> units_;
  std::optional<TextToImagePipeline> pipeline_;
  std::optional<SweepJudges> judges_;
  bool warm_ = false;
};

}  // namespace

void run_sweep(const Experiment& experiment, const SweepOptions& options) {
  if (experiment.threads > 0) at::set_num_threads(experiment.threads);
  parse_device(experiment.device);
  SweepRun(experiment, options).run();
}

}  // namespace fdbench
