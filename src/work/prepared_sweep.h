// An experiment put together with its model: the plan, the schedule and the cost of every run.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/experiment.h"
#include "folders/model_folder.h"
#include "models/denoiser.h"
#include "plan/plan.h"
#include "plan/program.h"
#include "plan/schedule.h"
#include "samplers/sampler.h"
#include "tasks/open_task.h"

namespace fdbench {

/// What a run does with one stage of the model.
struct StageRun {
  RunSpec spec;
  Plan plan;
  Schedule schedule;
  Program program;
  std::string sampler_name;
  /// [S].
  std::vector<double> timesteps;
  /// [L] per picture, over all steps, with the run's savings.
  std::vector<std::int64_t> layer_multiply_adds;
  /// Their sum.
  std::int64_t multiply_adds = 0;
  /// [L] one call for one picture with the run's token merging.
  std::vector<LayerCost> layer_costs;

  /// Layer runs when every layer runs at every step.
  std::int64_t layers_total() const;
};

struct PreparedRun {
  RunSpec spec;
  /// One for each stage of the model.
  std::vector<StageRun> stages;

  /// Of all stages.
  std::int64_t layers_total() const;
  std::int64_t num_layer_runs() const;
  std::int64_t multiply_adds() const;
  /// Something is decided during the run.
  bool adaptive() const;
};

/// A stage of the model, as all runs have it.
struct PreparedStage {
  /// "" where there is one alone.
  std::string name;
  FolderScheduler scheduler;
  ModelInfo model;
  /// [L] one call for one picture, guidance included.
  std::vector<LayerCost> layer_costs;
  /// Networks beside it.
  std::vector<ControlSource> controls;
  /// [c, axes...].
  std::vector<std::int64_t> latent_shape;
  double guidance_scale = 7.5;

  /// The batch of a call has an unconditional half.
  bool guided() const { return guidance_scale > 1 && model.time_cond_proj_dim == 0; }
};

/// A column of the features: the output of `layer`.
struct WatchedLayer {
  /// Of the block at `detail: block`, of the layer at `detail: layer`.
  std::string name;
  std::size_t stage = 0;
  /// Of the stage.
  int layer = 0;
};

struct PreparedSweep {
  Experiment experiment;
  /// One at least.
  std::vector<PreparedStage> stages;
  std::vector<PreparedRun> runs;
  /// [B], stage by stage; empty without features.
  std::vector<WatchedLayer> watched;
  /// Random weights: the pictures mean nothing.
  bool synthetic = false;

  /// Of the longest run.
  int num_steps() const;
  /// Of all stages.
  std::int64_t num_layers() const;
  std::int64_t num_parameters() const;
  /// Place of a stage's first layer among those of all stages.
  std::int64_t first_layer(std::size_t stage) const;
  /// "down_blocks.0", of several stages "base/down_blocks.0".
  std::string name_in_stage(std::size_t stage, const std::string& name) const;
};

/// The folders of the experiment's stages; a fault is given its place in the config file.
std::vector<StageFolder> open_models(const Experiment& experiment);

/// "models/mini"; of several stages "base = models/a, upscale = models/b".
std::string description(const std::vector<StageFolder>& folders);

/// task: at least an outline. Throws a usage error at the run's place for a plan or a sampler that
/// cannot be made. Warns of options that do nothing.
PreparedSweep prepare_sweep(const Experiment& experiment, const std::vector<StageFolder>& folders,
                            const Task& task);
/// With an outline of its own.
PreparedSweep prepare_sweep(const Experiment& experiment, const std::vector<StageFolder>& folders);

/// A fresh sampler for a run of a stage. run: of the stage.
std::unique_ptr<Sampler> sampler_of_run(const PreparedStage& stage, const RunSpec& run);

/// "models/mini: UNet2DConditionModel, 7.5 M parameters, 41 layers in 10 blocks    cpu, 2 threads,
/// float32": a line a stage, the machine behind the last.
std::vector<std::string> model_lines(const PreparedSweep& sweep,
                                     const std::vector<StageFolder>& folders, int num_threads);

}  // namespace fdbench
