#include "work/prepared_sweep.h"

#include <algorithm>
#include <numeric>

#include "execution/guidance.h"
#include "plan/program_cost.h"
#include "tasks/sampler_plan.h"
#include "work/drawn_steps.h"

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
                       const Denoiser& denoiser, double guidance_scale) {
  SampleShape shape;
  shape.batch = has_guidance_halves(denoiser, guidance_scale) ? 2 : 1;
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

/// Runs an action; its fault is given the place.
template <typename Action>
auto placed(const Place& place, const Action& action) {
  try {
    return action();
  } catch (const Error& error) {
    throw error.seen_from(place);
  }
}

/// Throws a usage error where the model draws from something else than the config gives, and for a
/// class that it does not have.
void check_content(const Experiment& experiment, const Task& task) {
  if (experiment.drawn_from != task.drawn_from()) {
    throw usage_error(experiment.content_place,
                      "the model draws " + task.drawn_from() + ": give '" + task.drawn_from() +
                          "' in place of '" + experiment.drawn_from + "'");
  }
  placed(experiment.content_place, [&] { task.check_drawable(experiment.captions); });
}

/// Throws what open_any_model throws, and a usage error for a folder without a denoiser.
ModelFolder open_denoiser_folder(const ModelSource& source) {
  ModelFolder folder = open_any_model(source);
  denoiser_part(folder);
  return folder;
}

/// Adds the watched layers of a stage.
void watch(PreparedSweep& sweep, std::size_t stage) {
  const FeatureSettings& features = sweep.experiment.features;
  if (!features.enabled) return;
  const std::vector<LayerInfo>& layers = sweep.stages[stage].model.layers;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const bool is_last = i + 1 == layers.size() || layers[i + 1].block != layers[i].block;
    const bool by_layer = features.detail == "layer";
    if (!by_layer && !is_last) continue;
    const std::string& name = by_layer ? layers[i].name : layers[i].block;
    sweep.watched.push_back(
        {.name = sweep.name_in_stage(stage, name), .stage = stage, .layer = static_cast<int>(i)});
  }
}

/// Of what a sampler's error is about: the option, else the sampler, else the run.
Place place_of_fault(const RunSpec& run, const std::string& option) {
  const auto& places = run.sampler.option_places;
  if (const auto place = places.find(option); place != places.end()) return place->second;
  return run.sampler.place.file.empty() ? run.place : run.sampler.place;
}

/// costs: of each layer for one call of this run. spec: of the stage.
StageRun prepare_stage_run(const PreparedStage& stage, const Denoiser& denoiser,
                           const RunSpec& spec, std::vector<LayerCost> costs) {
  const auto sampler = sampler_of_run(stage, spec);
  const std::vector<LayerInfo>& layers = stage.model.layers;
  placed(spec.place, [&] { check_prediction(denoiser, *sampler); });
  StageRun run = placed(spec.place, [&] {
    RunSpec whole = spec;
    whole.strategy =
        resolve_for_model(with_first_calls(spec.strategy, *sampler, spec.num_steps), layers);
    Plan plan = make_plan(spec.strategy, *sampler, spec.num_steps, layers, stage.controls);
    Schedule schedule(plan, layers);
    Program program = compile(
        schedule, layers,
        {.execution = spec.execution, .max_parallel = spec.max_parallel, .savings = spec.savings});
    return StageRun{.spec = std::move(whole),
                    .plan = std::move(plan),
                    .schedule = std::move(schedule),
                    .program = std::move(program),
                    .sampler_name = sampler->name(),
                    .timesteps = sampler->timesteps(),
                    .layer_multiply_adds = {},
                    .layer_costs = std::move(costs)};
  });
  run.layer_multiply_adds = program_cost(run.program, layers, run.layer_costs, stage.guided());
  run.multiply_adds = std::accumulate(run.layer_multiply_adds.begin(),
                                      run.layer_multiply_adds.end(), std::int64_t{0});
  return run;
}

PreparedStage prepare_stage(const Experiment& experiment, const Task& task, std::size_t number,
                            const ModelFolder& folder) {
  const Denoiser& denoiser = *task.stages()[number].denoiser;
  const double guidance_scale = experiment.stages[number].guidance_scale;
  const SampleShape shape = call_shape(experiment, folder, denoiser, guidance_scale);
  PreparedStage stage{
      .name = task.stages()[number].name,
      .scheduler = placed(experiment.model_place, [&] { return task.scheduler(number); }),
      .model = denoiser.info(),
      .layer_costs = denoiser.costs(shape, {}),
      .controls = experiment.controls.networks,
      .latent_shape = {denoiser.info().in_channels},
      .guidance_scale = guidance_scale};
  stage.latent_shape.insert(stage.latent_shape.end(), shape.axes.begin(), shape.axes.end());
  check_prompt_options(experiment.prompt_options, folder,
                       {.guided = stage.guided(),
                        .takes_guidance = stage.model.time_cond_proj_dim > 0,
                        .draws_classes = task.drawn_from() == kClassesKey,
                        .channels = stage.model.in_channels});
  return stage;
}

/// The line of one stage.
std::string stage_line(const PreparedStage& stage, const ModelFolder& folder) {
  const std::size_t blocks = block_names(stage.model.layers).size();
  char parameters[32];
  std::snprintf(parameters, sizeof parameters, "%.1f M",
                static_cast<double>(stage.model.num_parameters()) / 1e6);
  return (stage.name.empty() ? "" : stage.name + " = ") + folder.description() + ": " +
         stage.model.class_name + ", " + parameters + " parameters, " +
         std::to_string(stage.model.layers.size()) + " layers in " + std::to_string(blocks) +
         " blocks";
}

}  // namespace

std::int64_t StageRun::layers_total() const {
  return std::int64_t{plan.num_steps()} * plan.num_layers();
}

std::int64_t PreparedRun::layers_total() const {
  std::int64_t total = 0;
  for (const StageRun& stage : stages) total += stage.layers_total();
  return total;
}

std::int64_t PreparedRun::num_layer_runs() const {
  std::int64_t total = 0;
  for (const StageRun& stage : stages) total += stage.program.num_layer_runs();
  return total;
}

std::int64_t PreparedRun::multiply_adds() const {
  std::int64_t total = 0;
  for (const StageRun& stage : stages) total += stage.multiply_adds;
  return total;
}

bool PreparedRun::adaptive() const {
  return std::any_of(stages.begin(), stages.end(),
                     [](const StageRun& stage) { return stage.plan.adaptive().has_value(); });
}

int PreparedSweep::num_steps() const {
  int most = 0;
  for (const PreparedRun& run : runs) {
    for (const StageRun& stage : run.stages) most = std::max(most, stage.plan.num_steps());
  }
  return most;
}

std::int64_t PreparedSweep::num_layers() const { return first_layer(stages.size()); }

std::int64_t PreparedSweep::num_parameters() const {
  std::int64_t number = 0;
  for (const PreparedStage& stage : stages) number += stage.model.num_parameters();
  return number;
}

std::int64_t PreparedSweep::first_layer(std::size_t stage) const {
  std::int64_t first = 0;
  for (std::size_t i = 0; i < stage; ++i) {
    first += static_cast<std::int64_t>(stages[i].model.layers.size());
  }
  return first;
}

std::string PreparedSweep::name_in_stage(std::size_t stage, const std::string& name) const {
  return stages.size() == 1 ? name : stages[stage].name + "/" + name;
}

std::vector<StageFolder> open_models(const Experiment& experiment) {
  std::vector<StageFolder> folders;
  for (const StageSettings& stage : experiment.stages) {
    folders.push_back({.name = stage.name,
                       .folder = placed(experiment.model_place,
                                        [&] { return open_denoiser_folder(stage.model); }),
                       .controls = experiment.controls.networks});
  }
  return folders;
}

std::string description(const std::vector<StageFolder>& folders) {
  std::string text;
  for (const StageFolder& stage : folders) {
    if (!text.empty()) text += ", ";
    text += (stage.name.empty() ? "" : stage.name + " = ") + stage.folder.description();
  }
  return text;
}

std::unique_ptr<Sampler> sampler_of_run(const PreparedStage& stage, const RunSpec& run) {
  try {
    return make_sampler(run.sampler.name, stage.scheduler.config, run.sampler.options,
                        run.num_steps, stage.scheduler.file);
  } catch (const Error& error) {
    throw error.seen_from(place_of_fault(run, error.key()));
  }
}

PreparedSweep prepare_sweep(const Experiment& experiment, const std::vector<StageFolder>& folders,
                            const Task& task) {
  check_content(experiment, task);
  PreparedSweep sweep;
  sweep.experiment = experiment;
  for (std::size_t i = 0; i < folders.size(); ++i) {
    sweep.stages.push_back(prepare_stage(experiment, task, i, folders[i].folder));
    sweep.synthetic = sweep.synthetic || folders[i].folder.synthetic();
  }
  for (std::size_t i = 0; i < folders.size(); ++i) watch(sweep, i);
  for (const RunSpec& spec : experiment.runs) {
    PreparedRun run{.spec = spec, .stages = {}};
    for (std::size_t i = 0; i < folders.size(); ++i) {
      const PreparedStage& stage = sweep.stages[i];
      const Denoiser& denoiser = *task.stages()[i].denoiser;
      const RunSpec& of_stage = spec.of_stage(stage.name);
      const CallOptions options{.tome = {of_stage.tome, {}}};
      const SampleShape shape =
          call_shape(experiment, folders[i].folder, denoiser, stage.guidance_scale);
      std::vector<LayerCost> costs =
          placed(of_stage.place, [&] { return denoiser.costs(shape, options); });
      run.stages.push_back(prepare_stage_run(stage, denoiser, of_stage, std::move(costs)));
    }
    // What depends on the model is resolved: the ids of deepcache, say.
    if (folders.size() == 1) run.spec = run.stages[0].spec;
    sweep.runs.push_back(std::move(run));
  }
  // What is to be drawn must be there.
  if (!pca_columns(sweep).empty()) num_pca_steps(sweep);
  num_predicted_steps(sweep);
  return sweep;
}

PreparedSweep prepare_sweep(const Experiment& experiment, const std::vector<StageFolder>& folders) {
  return prepare_sweep(experiment, folders, *open_task(folders, {.wanted = Wanted::kOutline}));
}

std::vector<std::string> model_lines(const PreparedSweep& sweep,
                                     const std::vector<StageFolder>& folders, int num_threads) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < folders.size(); ++i) {
    lines.push_back(stage_line(sweep.stages[i], folders[i].folder));
  }
  lines.back() += "    " + sweep.experiment.device + ", " + std::to_string(num_threads) +
                  " threads, " + sweep.experiment.dtype;
  return lines;
}

}  // namespace fdbench
