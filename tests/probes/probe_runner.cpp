// Dumps the features and the probe's statistics of a run, for the Python test that computes them
// again.
#include <c10/core/InferenceMode.h>

#include <cstdio>
#include <map>
#include <numeric>
#include <string>

#include "core/error.h"
#include "execution/executor.h"
#include "io/safetensors.h"
#include "plan/strategies.h"
#include "probes/feature_probe.h"
#include "probes/feature_trace.h"
#include "probes/principal_components.h"
#include "probes/step_similarity.h"
#include "tasks/generation_inputs.h"
#include "tasks/picture_noise.h"
#include "tasks/text_to_image.h"

namespace {

using namespace fdbench;

/// Of the first picture: what compares the steps with each other.
void add_traced(std::map<std::string, at::Tensor>& dump, const FeatureTrace& trace, int layer) {
  const std::vector<at::Tensor> features = trace.features(layer, 0);
  const std::string name = std::to_string(layer);
  const StepSimilarity similarity = step_similarity(features);
  dump["cosine." + name] = similarity.cosine;
  dump["distance." + name] = similarity.distance;
  const PrincipalComponents components = principal_components(features);
  dump["explained." + name] = components.explained;
  for (std::size_t i = 0; i < features.size(); ++i) {
    if (!features[i].defined()) continue;
    dump["scores." + std::to_string(i) + "." + name] = components.scores[i].contiguous();
  }
}

/// arguments: model, inputs, outputs, steps, strategy, key steps, execution.
void run(char** arguments) {
  const ModelFolder folder(arguments[1]);
  const TextToImagePipeline pipeline(folder);
  const int num_steps = std::stoi(arguments[4]);
  GenerationRequest request;
  request.inputs.emplace(arguments[2]);
  const GenerationInputs inputs = make_generation_inputs(pipeline, request);
  const auto layers = pipeline.denoiser().layers();
  const Program program = compile(
      make_plan({arguments[5], parse_key_steps(arguments[6], num_steps), {}}, num_steps, layers),
      layers, {.execution = parse_execution(arguments[7])});
  const auto sampler = make_sampler("", scheduler_config(folder).config, {}, num_steps);

  std::vector<int> watched(layers.size());
  std::iota(watched.begin(), watched.end(), 0);
  const auto num_pictures = static_cast<int>(inputs.num_pictures);
  FeatureProbe probe(watched, num_steps, num_pictures);
  std::vector<int> steps(static_cast<std::size_t>(num_steps));
  std::iota(steps.begin(), steps.end(), 0);
  FeatureTrace trace(watched, steps, num_pictures, 1);
  std::map<std::string, at::Tensor> dump;
  ExecutorOptions options;
  options.guidance_scale = 7.5;
  options.observe_layer = [&](int step, int layer, const Value& value) {
    const at::Tensor& output = value.front();
    probe.observe(step, layer, output);
    trace.observe(step, layer, output);
    dump["features." + std::to_string(step) + "." + std::to_string(layer)] =
        output.narrow(0, num_pictures, num_pictures).clone();
  };
  denoise(pipeline.denoiser(), *sampler, program,
          {inputs.conditional,
           inputs.unconditional,
           starting_latents(inputs.latents, *sampler, pipeline.denoiser()),
           {}},
          options);
  probe.finish(program.dropped);
  dump["mse"] = probe.mse();
  dump["frobenius"] = probe.frobenius();
  dump["mean"] = probe.mean();
  dump["std"] = probe.std();
  trace.finish(program.dropped);
  for (const int layer : watched) add_traced(dump, trace, layer);
  save_safetensors(arguments[3], dump);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const c10::InferenceMode inference;
    if (argc != 8) throw usage_error("wanted: model inputs outputs steps strategy keys execution");
    run(argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "probe_runner: %s\n", error.what());
    return 1;
  }
  return 0;
}
