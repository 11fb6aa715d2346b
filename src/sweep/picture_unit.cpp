#include "sweep/picture_unit.h"

#include <algorithm>
#include <numeric>

#include "core/interrupt.h"
#include "probes/feature_probe.h"
#include "results/unit_arrays.h"

namespace fdbench {
namespace {

std::vector<int> watched_indices(const PreparedSweep& sweep) {
  std::vector<int> indices;
  for (const WatchedLayer& watched : sweep.watched) indices.push_back(watched.layer);
  return indices;
}

/// Marks what runs, and probes it.
LayerObserver make_observer(at::Tensor& ran, FeatureProbe* probe, std::vector<int> watched) {
  return [&ran, probe, watched = std::move(watched)](int step, int layer, const Value& output) {
    ran.mutable_data_ptr<std::uint8_t>()[step * ran.size(1) + layer] = 1;
    if (probe != nullptr && std::find(watched.begin(), watched.end(), layer) != watched.end()) {
      probe->observe(step, layer, output.front());
    }
  };
}

/// Throws a runtime error where a layer ran and its statistics are not finite. ran: [S, L] uint8.
void check_features(const PreparedSweep& sweep, const FeatureProbe& probe, const at::Tensor& ran) {
  for (const at::Tensor* statistic : {&probe.mean(), &probe.frobenius(), &probe.std()}) {
    const at::Tensor finite = at::isfinite(*statistic).all(0);  // [S, B]
    for (std::int64_t step = 0; step < finite.size(0); ++step) {
      for (std::int64_t column = 0; column < finite.size(1); ++column) {
        const WatchedLayer& watched = sweep.watched[static_cast<std::size_t>(column)];
        const bool has_run = ran[step][watched.layer].item<std::uint8_t>() != 0;
        if (!has_run || finite[step][column].item<bool>()) continue;
        throw runtime_error("the features of " + watched.name + " are not finite after step " +
                            std::to_string(finite.size(0) - step) + " (number " +
                            std::to_string(step + 1) + " of " + std::to_string(finite.size(0)) +
                            ")");
      }
    }
  }
}

void add_features(Arrays& arrays, FeatureProbe& probe) {
  const std::string prefix = picture_arrays::kFeatures;
  arrays[prefix + "mse"] = probe.mse();
  arrays[prefix + "frobenius"] = probe.frobenius();
  arrays[prefix + "mean"] = probe.mean();
  arrays[prefix + "std"] = probe.std();
}

Arrays make_batch(const PreparedSweep& sweep, const TextToImagePipeline& pipeline,
                  const PreparedRun& run, std::int64_t first, std::int64_t count) {
  const PromptPair pair = encode_pair(sweep, pipeline, first, count);
  std::vector<std::int64_t> indices(static_cast<std::size_t>(count));
  std::iota(indices.begin(), indices.end(), first);
  RunLatents latents(sweep, run, pipeline.unet(), indices);

  Arrays arrays;
  at::Tensor ran = at::zeros({run.plan.num_steps(), run.plan.num_layers()}, at::kByte);
  const std::vector<int> watched = watched_indices(sweep);
  FeatureProbe probe(watched, run.plan.num_steps(), static_cast<int>(count));
  latents.options.observe_layer = make_observer(ran, watched.empty() ? nullptr : &probe, watched);
  latents.options.observe_step = [](int, const at::Tensor&) { check_interrupt(); };
  const DenoiseResult result = latents.make(run, pipeline.unet(), pair);
  if (!watched.empty()) {
    check_features(sweep, probe, ran);
    probe.finish(run.program.dropped);
    add_features(arrays, probe);
  }
  arrays[picture_arrays::kLatents] = result.latents.to(at::kCPU, at::kFloat);
  arrays[picture_arrays::kImages] = pipeline.decode(result.latents);
  arrays[picture_arrays::kRan] = ran;
  arrays[picture_arrays::kCalls] =
      at::tensor({std::int64_t{result.num_calls}, std::int64_t{result.num_step_calls}}, at::kLong);
  return arrays;
}

/// Joins batches along the pictures; what does not depend on the picture is the same in all.
Arrays join(const std::vector<Arrays>& batches) {
  Arrays joined;
  for (const auto& [name, first] : batches.front()) {
    if (name == picture_arrays::kRan || name == picture_arrays::kCalls) {
      joined[name] = first;
      continue;
    }
    std::vector<at::Tensor> parts;
    for (const Arrays& batch : batches) parts.push_back(batch.at(name));
    joined[name] = at::cat(parts, 0);
  }
  return joined;
}

}  // namespace

PromptPair encode_pair(const PreparedSweep& sweep, const TextToImagePipeline& pipeline,
                       std::int64_t first, std::int64_t count) {
  const PictureSize size{sweep.latent_shape[1] * pipeline.factor(),
                         sweep.latent_shape[2] * pipeline.factor()};
  PromptPair pair;
  const auto part = [&](const std::vector<std::string>& all) {
    return std::vector<std::string>(all.begin() + first, all.begin() + first + count);
  };
  const PromptOptions& options = sweep.experiment.prompt_options;
  pair.conditional =
      pipeline.encode_prompts(part(sweep.experiment.captions), size, options.clip_skip);
  if (!sweep.guided()) return pair;
  pair.unconditional = options.negative_prompts.empty()
                           ? pipeline.encode_no_prompt(count, size)
                           : pipeline.encode_prompts(part(options.negative_prompts), size);
  return pair;
}

Arrays make_pictures(const PreparedSweep& sweep, const TextToImagePipeline& pipeline,
                     const WorkUnit& unit, const std::function<void(std::int64_t)>& done) {
  std::vector<Arrays> batches;
  const PreparedRun& run = sweep.runs[unit.run];
  // What is decided during the run is decided for each picture by itself.
  const std::int64_t batch = run.plan.adaptive() ? 1 : sweep.experiment.pictures.batch;
  for (std::int64_t i = 0; i < unit.count; i += batch) {
    check_interrupt();
    const std::int64_t count = std::min(batch, unit.count - i);
    const std::int64_t first = unit.first + i;
    batches.push_back(of_pictures(run, first, count,
                                  [&] { return make_batch(sweep, pipeline, run, first, count); }));
    done(i + count);
  }
  return join(batches);
}

}  // namespace fdbench
