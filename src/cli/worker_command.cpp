#include <ATen/Parallel.h>

#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/commands.h"
#include "cli/plain_options.h"
#include "core/device.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/notes.h"
#include "core/stopwatch.h"
#include "execution/guidance.h"
#include "io/safetensors.h"
#include "profiling/random_inputs.h"
#include "results/provenance.h"
#include "results/run_table.h"
#include "sweep/measured_execution.h"
#include "sweep/run_records.h"
#include "sweep/timing_round.h"
#include "tasks/picture_noise.h"
#include "tasks/prompt_limits.h"

namespace fdbench {
namespace {

using Json = nlohmann::ordered_json;

/// Of a single call: amid the 1000 of training.
constexpr double kDefaultTimestep = 500;

struct WorkerOptions {
  std::filesystem::path config;
  std::vector<std::string> assignments;
  /// Of a config with tasks.
  std::string task;
};

/// What is known of a run before it runs. The plan is what runs, so its counts stand for counting.
RunRecord expected_record(const PreparedRun& run, bool baseline) {
  RunRecord record = planned_record(run);
  record.baseline = baseline;
  record.layers_run = run.num_layer_runs();
  record.reused = record.layers_run < record.layers_total;
  record.multiply_adds = run.multiply_adds();
  return record;
}

Json attributes_json() {
  Json json = Json::object();
  for (const auto& [name, value] : provenance()) {
    std::visit([&, &key = name](const auto& item) { json[key] = item; }, value);
  }
  return json;
}

/// A member of a request. Throws a usage error when it is missing or of another type.
template <typename Type>
Type member(const Json& request, const char* name, const std::optional<Type>& otherwise = {}) {
  const auto found = request.find(name);
  if (found == request.end() && otherwise) return *otherwise;
  if (found == request.end()) throw usage_error("'" + std::string(name) + "' is missing");
  try {
    return found->template get<Type>();
  } catch (const nlohmann::json::exception&) {
    throw usage_error("'" + std::string(name) + "' is of the wrong type: " + found->dump());
  }
}

/// Throws a usage error for a cascade, whose stages need each other's samples.
std::vector<StageFolder> folders_of_one_stage(const Experiment& experiment) {
  if (experiment.stages.size() > 1) {
    throw usage_error(experiment.model_place,
                      "a worker makes the latents of models of one stage, not of a cascade");
  }
  return open_models(experiment);
}

/// A sweep that stays loaded and answers requests, one line of JSON each.
class Worker {
 public:
  explicit Worker(const Experiment& experiment)
      : experiment_(experiment),
        folders_(folders_of_one_stage(experiment)),
        folder_(folders_[0].folder),
        pipeline_(folder_, {.dtype = parse_dtype(experiment.dtype),
                            .device = parse_device(experiment.device),
                            .wanted = Wanted::kLatents,
                            .controls = experiment.controls.networks}),
        sweep_(prepare_sweep(experiment, folders_, pipeline_)),
        stage_(sweep_.stages[0]) {
    choose_executions();
    warn_of_cut_prompts(folder_, experiment.captions);
  }

  Json ready() const {
    std::vector<RunRecord> records;
    Json timesteps = Json::array();
    for (std::size_t r = 0; r < sweep_.runs.size(); ++r) {
      const bool baseline =
          static_cast<int>(r) == sweep_.experiment.baseline_of(static_cast<int>(r));
      records.push_back(expected_record(sweep_.runs[r], baseline));
      timesteps.push_back(sweep_.runs[r].stages[0].timesteps);
    }
    return {{"ready", true},
            {"runs", Json::parse(format_runs(records, "json"))},
            {"timesteps", timesteps},
            {"text", pipeline_.has_text_encoder() ? "encoded" : "random"},
            {"latent_shape", stage_.latent_shape},
            {"num_parameters", sweep_.num_parameters()},
            {"weights_hash", folder_.weights_hash("unet")},
            {"threads", at::get_num_threads()},
            {"provenance", attributes_json()}};
  }

  /// Throws a usage error for a request that makes no sense.
  Json answer(const Json& request) const {
    if (!request.is_object()) throw usage_error("a request is a JSON object, one on a line");
    const auto picture = member<std::int64_t>(request, "picture", 0);
    if (picture < 0 || picture >= experiment_.num_pictures()) {
      throw usage_error("'picture' " + std::to_string(picture) + ": there are " +
                        std::to_string(experiment_.num_pictures()) + ", counted from 0");
    }
    if (request.contains("run")) return make_latent(request, picture);
    if (request.contains("call")) return call(request, picture);
    if (request.contains("inputs")) return save_inputs(request, picture);
    throw usage_error("a request has 'run', 'call' or 'inputs'");
  }

 private:
  /// Of the runs of `execution: auto`.
  void choose_executions() {
    if (!has_auto_execution(sweep_.experiment)) return;
    const auto measured = [this](const WorkUnit& unit) {
      return measure_execution(sweep_, pipeline_, unit.run, text_states(0), [] {});
    };
    const Experiment decided = with_measured_executions(
        sweep_, {}, measured, [](const std::string& line) { say_note("execution of " + line); });
    sweep_ = prepare_sweep(decided, folders_, pipeline_);
  }

  /// Text states of a picture: its prompt's, or random ones where the folder cannot read prompts.
  PromptPair text_states(std::int64_t picture) const {
    if (pipeline_.has_text_encoder()) {
      return encode_pair(sweep_, pipeline_, 0, picture, 1);
    }
    const UNetConfig config = read_unet_config(folder_.config("unet"), folder_.config_path("unet"));
    SampleShape shape;
    shape.batch = 2;
    shape.axes = {stage_.latent_shape.begin() + 1, stage_.latent_shape.end()};
    const Conditioning both = random_inputs(config, shape, experiment_.seed + picture,
                                            pipeline_.dtype(), pipeline_.device())
                                  .conditioning;
    Conditioning text = both;
    // Of the run's guidance scale, not random.
    text.set("timestep_cond", {});
    return {text.entries(1, 1), text.entries(0, 1)};
  }

  at::Tensor unit_noise(std::int64_t picture) const {
    return PictureNoise(experiment_.seed, {picture}, stage_.latent_shape).draw();
  }

  const PreparedRun& run_named(const std::string& name) const {
    std::vector<std::string> names;
    for (const PreparedRun& run : sweep_.runs) {
      if (run.spec.name == name) return run;
      names.push_back(run.spec.name);
    }
    throw usage_error("no run '" + name + "'" + advice(name, names));
  }

  /// Answers with hash and place of a tensor.
  static void give(Json& answer, const Json& request, const at::Tensor& tensor) {
    const at::Tensor values = tensor.to(at::kCPU, at::kFloat).contiguous();
    answer["hash"] = content_hash(values.const_data_ptr(), values.nbytes());
    if (request.contains("save")) {
      save_safetensors(member<std::string>(request, "save"), {{"latents", values}});
    }
  }

  Json make_latent(const Json& request, std::int64_t picture) const {
    const PreparedRun& run = run_named(member<std::string>(request, "run"));
    const TimedLatent made = time_latent(sweep_, pipeline_, run, 0, picture, text_states(picture));
    Json answer = {{"run", run.spec.name},
                   {"unet_s", made.result.unet_seconds},
                   {"total_s", made.total_s},
                   {"unet_calls", made.result.num_calls},
                   {"step_calls", made.result.num_step_calls}};
    give(answer, request, made.result.latents);
    return answer;
  }

  /// One whole UNet call on the picture's noise, with guidance as batch [unconditional;
  /// conditional].
  Json call(const Json& request, std::int64_t picture) const {
    const PromptPair pair = text_states(picture);
    const bool guided = stage_.guided();
    const Conditioning conditioning =
        with_guidance(pipeline_.denoiser(),
                      guided ? joined(pair.unconditional, pair.conditional) : pair.conditional,
                      experiment_.guidance_scale);
    const at::Device device = pipeline_.device();
    const std::int64_t batch = guided ? 2 : 1;
    const at::Tensor sample =
        unit_noise(picture).to(device, pipeline_.dtype()).repeat({batch, 1, 1, 1});
    const at::Tensor timestep = at::full({1}, member<double>(request, "timestep", kDefaultTimestep),
                                         at::device(device).dtype(at::kFloat));
    Stopwatch stopwatch(device);
    stopwatch.start();
    const at::Tensor prediction = forward(pipeline_.denoiser(), sample, timestep, conditioning);
    stopwatch.stop();
    Json answer = {{"call", true}, {"batch", batch}, {"unet_s", stopwatch.seconds()}};
    give(answer, request, prediction);
    return answer;
  }

  Json save_inputs(const Json& request, std::int64_t picture) const {
    const auto path = member<std::string>(request, "inputs");
    const PromptPair pair = text_states(picture);
    std::map<std::string, at::Tensor> tensors = {{"latents", unit_noise(picture)}};
    const auto add = [&](const std::string& prefix, const Conditioning& text) {
      for (const auto& [name, tensor] : text.tensors()) {
        const bool is_of_both = name == "time_ids";
        const std::string shown = name == "encoder_hidden_states" ? "prompt_embeds" : name;
        tensors[is_of_both ? name : prefix + shown] = tensor;
      }
    };
    add("negative_", pair.unconditional);
    add("", pair.conditional);
    save_safetensors(path, tensors);
    return {{"inputs", path}};
  }

  const Experiment& experiment_;
  std::vector<StageFolder> folders_;
  const ModelFolder& folder_;
  TextToImagePipeline pipeline_;
  PreparedSweep sweep_;
  const PreparedStage& stage_;
};

/// Whatever goes wrong with a request is its answer: the next one may be right.
Json answer_line(const Worker& worker, const std::string& line) {
  const Json request = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (request.is_discarded()) return {{"error", "not a line of JSON"}};
  try {
    return worker.answer(request);
  } catch (const std::exception& error) {
    return {{"error", error.what()}};
  }
}

void print_line(const Json& json) {
  std::cout << json.dump(-1, ' ', false, Json::error_handler_t::replace) << std::endl;
}

void run_worker(const WorkerOptions& options) {
  const Experiment experiment = load_experiment(options.config, options.assignments, options.task);
  if (experiment.threads > 0) at::set_num_threads(experiment.threads);
  const Worker worker(experiment);
  print_line(worker.ready());
  for (std::string line; std::getline(std::cin, line);) {
    if (!line.empty()) print_line(answer_line(worker, line));
  }
}

}  // namespace

void add_worker_command(CLI::App& app) {
  const auto options = std::make_shared<WorkerOptions>();
  CLI::App* command = app.add_subcommand(
      "worker", "A sweep that stays loaded and makes single latents on request (JSON lines)");
  command->add_option("CONFIG", options->config, "Config file (YAML), as for run")->required();
  command
      ->add_option("--set", options->assignments,
                   "Replace a value of the config: key=value, lists by index (repeatable)")
      ->take_all()
      ->check(is_text());
  command->add_option("--task", options->task, "Of a config with tasks: which one");
  command->footer(
      "Prints one line when it is loaded, then answers each line on stdin until its end:\n"
      "  {\"run\": \"full\", \"picture\": 0, \"save\": \"latents.safetensors\"}  one latent\n"
      "  {\"call\": true, \"timestep\": 500}  one UNet call\n"
      "  {\"inputs\": \"inputs.safetensors\"}  saves starting noise and text states");
  command->callback([options] { run_worker(*options); });
}

}  // namespace fdbench
