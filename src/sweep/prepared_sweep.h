// An experiment put together with its model: the plan, the schedule and the cost of every run.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/experiment.h"
#include "io/model_folder.h"
#include "models/load_denoiser.h"
#include "plan/plan.h"
#include "plan/program.h"
#include "plan/schedule.h"
#include "samplers/sampler.h"
#include "tasks/text_to_image.h"

namespace fdbench {

struct PreparedRun {
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

  std::int64_t layers_total() const;  // layer runs when every layer runs at every step
};

/// A column of the features: the output of `layer`.
struct WatchedLayer {
  std::string name;  // of the block at `detail: block`, of the layer at `detail: layer`
  int layer = 0;
};

struct PreparedSweep {
  Experiment experiment;
  FolderScheduler scheduler;
  std::vector<PreparedRun> runs;
  /// Of the network.
  ModelInfo model;
  std::vector<LayerInfo> layers;
  /// [L].
  std::vector<std::int64_t> layer_parameters;
  /// [L] one call for one picture, guidance included.
  std::vector<LayerCost> layer_costs;
  /// Of the network.
  std::int64_t num_parameters = 0;
  /// [B], empty without features.
  std::vector<WatchedLayer> watched;
  /// [c, h, w].
  std::vector<std::int64_t> latent_shape;
  /// Random weights: the pictures mean nothing.
  bool synthetic = false;
  /// Of the network (ModelInfo).
  std::int64_t time_cond_proj_dim = 0;

  int num_steps() const;  // of the longest run
  /// The batch of a call has an unconditional half.
  bool guided() const { return experiment.guidance_scale > 1 && time_cond_proj_dim == 0; }
};

/// The experiment's model; a fault is given its place in the config file.
ModelFolder open_model(const Experiment& experiment);

/// Throws a usage error at the run's place for a plan or a sampler that cannot be made. Warns of
/// options that do nothing.
PreparedSweep prepare_sweep(const Experiment& experiment, const ModelFolder& folder,
                            const Denoiser& denoiser);

/// A fresh sampler for a run.
std::unique_ptr<Sampler> sampler_of_run(const PreparedSweep& sweep, const RunSpec& run);

/// "models/mini: UNet2DConditionModel, 7.5 M parameters, 41 layers in 10 blocks    cpu, 2 threads,
/// float32".
std::string model_line(const PreparedSweep& sweep, const ModelFolder& folder, int num_threads);

}  // namespace fdbench
