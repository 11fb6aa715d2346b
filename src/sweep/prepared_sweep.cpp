#include "sweep/prepared_sweep.h"

#include <algorithm>
#include <numeric>

#include "execution/guidance.h"
#include "plan/program_cost.h"
#include "tasks/sampler_plan.h"

namespace fdbench {
namespace {

constexpr std::int64_t kDefaultSide = 64, kDefaultTokens = 77;

std::int64_t first_given(std::initializer_list<std::int64_t> sides) {
  for (const std::int64_t side : sides) {
    if (side > 0) return side;
  }
  return kDefaultSide;
}

/// One call for one picture.
SampleShape call_shape(const Experiment& experiment, const ModelFolder& folder,
                       const Denoiser& denoiser) {
  SampleShape shape;
  shape.batch = has_guidance_halves(denoiser, experiment.guidance_scale) ? 2 : 1;
  const std::vector<std::int64_t>& usual = denoiser.info().sample_axes;
  shape.axes = {first_given({experiment.latent_height, usual[0]}),
                first_given({experiment.latent_width, usual[1]})};
  shape.text_tokens = kDefaultTokens;
  if (folder.has("text_encoder")) {
    shape.text_tokens =
        folder.config("text_encoder").value("max_position_embeddings", kDefaultTokens);
  }
  return shape;
}

std::vector<WatchedLayer> watched_layers(std::span<const LayerInfo> layers,
                                         const FeatureSettings& features) {
  std::vector<WatchedLayer> watched;
  if (!features.enabled) return watched;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const bool last_of_block = i + 1 == layers.size() || layers[i + 1].block != layers[i].block;
    const int layer = static_cast<int>(i);
    if (features.detail == "layer") {
      watched.push_back({layers[i].name, layer});
    } else if (last_of_block) {
      watched.push_back({layers[i].block, layer});
    }
  }
  return watched;
}

/// Runs an action; its fault is given the place.
template <typename Action>
auto placed(const Place& place, const Action& action) {
  try {
    return action();
  } catch (const Error& error) {
    throw Error(error.kind(), place, error.what());
  }
}

/// Of what a sampler's message is about: the option that it names first, else the sampler, else the
/// run.
Place place_of_fault(const RunSpec& run, const std::string& message) {
  Place place = run.sampler.place.file.empty() ? run.place : run.sampler.place;
  std::size_t first = std::string::npos;
  for (const auto& [key, key_place] : run.sampler.option_places) {
    const std::size_t found = message.find("'" + key + "'");
    if (found >= first) continue;
    first = found;
    place = key_place;
  }
  return place;
}

/// costs: of each layer for one call of this run.
PreparedRun prepare_run(const PreparedSweep& sweep, const Denoiser& denoiser, const RunSpec& spec,
                        std::span<const LayerCost> costs) {
  const auto sampler = sampler_of_run(sweep, spec);
  placed(spec.place, [&] { check_prediction(denoiser, *sampler); });
  PreparedRun run = placed(spec.place, [&] {
    RunSpec whole = spec;
    whole.strategy =
        resolve_for_model(with_first_calls(spec.strategy, *sampler, spec.num_steps), sweep.layers);
    Plan plan = make_plan(spec.strategy, *sampler, spec.num_steps, sweep.layers);
    Schedule schedule(plan, sweep.layers);
    Program program = compile(
        schedule, sweep.layers,
        {.execution = spec.execution, .max_parallel = spec.max_parallel, .savings = spec.savings});
    return PreparedRun{.spec = std::move(whole),
                       .plan = std::move(plan),
                       .schedule = std::move(schedule),
                       .program = std::move(program),
                       .sampler_name = sampler->name(),
                       .timesteps = sampler->timesteps(),
                       .layer_multiply_adds = {},
                       .layer_costs = {}};
  });
  run.layer_costs.assign(costs.begin(), costs.end());
  run.layer_multiply_adds = program_cost(run.program, sweep.layers, costs, sweep.guided());
  run.multiply_adds = std::accumulate(run.layer_multiply_adds.begin(),
                                      run.layer_multiply_adds.end(), std::int64_t{0});
  return run;
}

}  // namespace

std::int64_t PreparedRun::layers_total() const {
  return std::int64_t{plan.num_steps()} * plan.num_layers();
}

int PreparedSweep::num_steps() const {
  int most = 0;
  for (const PreparedRun& run : runs) most = std::max(most, run.plan.num_steps());
  return most;
}

ModelFolder open_model(const Experiment& experiment) {
  return placed(experiment.model_place, [&] { return open_model(experiment.model); });
}

std::unique_ptr<Sampler> sampler_of_run(const PreparedSweep& sweep, const RunSpec& run) {
  try {
    return make_sampler(run.sampler.name, sweep.scheduler.config, run.sampler.options,
                        run.num_steps, sweep.scheduler.file);
  } catch (const Error& error) {
    throw Error(error.kind(), place_of_fault(run, error.what()), error.what());
  }
}

PreparedSweep prepare_sweep(const Experiment& experiment, const ModelFolder& folder,
                            const Denoiser& denoiser) {
  PreparedSweep sweep;
  sweep.experiment = experiment;
  sweep.scheduler = placed(experiment.model_place, [&] { return scheduler_config(folder); });
  const ModelInfo& info = denoiser.info();
  sweep.model = info;
  sweep.time_cond_proj_dim = info.time_cond_proj_dim;
  check_prompt_options(experiment.prompt_options, folder, sweep.guided(),
                       sweep.time_cond_proj_dim > 0);
  sweep.layers = info.layers;
  const SampleShape shape = call_shape(experiment, folder, denoiser);
  sweep.layer_costs = denoiser.costs(shape, {});
  sweep.latent_shape = {info.in_channels, shape.axes[0], shape.axes[1]};
  sweep.synthetic = folder.synthetic();
  sweep.layer_parameters = info.layer_parameters;
  sweep.num_parameters = info.num_parameters();
  sweep.watched = watched_layers(sweep.layers, experiment.features);
  for (const RunSpec& spec : experiment.runs) {
    const CallOptions of_run{.tome = {spec.tome, {}}};
    const std::vector<LayerCost> costs =
        placed(spec.place, [&] { return denoiser.costs(shape, of_run); });
    sweep.runs.push_back(prepare_run(sweep, denoiser, spec, costs));
  }
  return sweep;
}

std::string model_line(const PreparedSweep& sweep, const ModelFolder& folder, int num_threads) {
  std::vector<std::string> blocks;
  for (const LayerInfo& layer : sweep.layers) {
    if (blocks.empty() || blocks.back() != layer.block) blocks.push_back(layer.block);
  }
  char parameters[32];
  std::snprintf(parameters, sizeof parameters, "%.1f M", sweep.num_parameters / 1e6);
  return folder.description() + ": " + sweep.model.class_name + ", " + parameters +
         " parameters, " + std::to_string(sweep.layers.size()) + " layers in " +
         std::to_string(blocks.size()) + " blocks    " + sweep.experiment.device + ", " +
         std::to_string(num_threads) + " threads, " + sweep.experiment.dtype;
}

}  // namespace fdbench
