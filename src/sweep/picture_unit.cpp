#include "sweep/picture_unit.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "core/interrupt.h"
#include "probes/feature_probe.h"
#include "results/run_fields.h"
#include "results/unit_arrays.h"
#include "sweep/traced_features.h"
#include "work/predicted_samples.h"

namespace fdbench {
namespace {

/// Layers of a stage that are watched.
std::vector<int> watched_indices(const PreparedSweep& sweep, std::size_t stage) {
  std::vector<int> indices;
  for (const WatchedLayer& watched : sweep.watched) {
    if (watched.stage == stage) indices.push_back(watched.layer);
  }
  return indices;
}

/// Marks what runs, and probes it.
LayerObserver make_observer(at::Tensor& ran, FeatureProbe* probe, TracedFeatures& traced,
                            std::vector<int> watched) {
  return [&ran, probe, &traced, watched = std::move(watched)](int step, int layer,
                                                              const Value& output) {
    ran.mutable_data_ptr<std::uint8_t>()[step * ran.size(1) + layer] = 1;
    if (probe != nullptr && std::find(watched.begin(), watched.end(), layer) != watched.end()) {
      probe->observe(step, layer, output.front());
      traced.observe(step, layer, output.front());
    }
  };
}

/// Throws a runtime error where a layer ran and its statistics are not finite. ran: [S, L] uint8.
void check_features(const std::vector<LayerInfo>& layers, const std::vector<int>& watched,
                    const FeatureProbe& probe, const at::Tensor& ran) {
  for (const at::Tensor* statistic : {&probe.mean(), &probe.frobenius(), &probe.std()}) {
    // [S, B]
    const at::Tensor finite = at::isfinite(*statistic).all(0);
    for (std::int64_t step = 0; step < finite.size(0); ++step) {
      for (std::int64_t column = 0; column < finite.size(1); ++column) {
        const int layer = watched[static_cast<std::size_t>(column)];
        const bool has_run = ran[step][layer].item<std::uint8_t>() != 0;
        if (!has_run || finite[step][column].item<bool>()) continue;
        throw runtime_error("the features of " + layers[static_cast<std::size_t>(layer)].name +
                            " are not finite after step " + std::to_string(finite.size(0) - step) +
                            " (number " + std::to_string(step + 1) + " of " +
                            std::to_string(finite.size(0)) + ")");
      }
    }
  }
}

/// What came of one stage.
struct StageArrays {
  /// [n, c, axes...].
  at::Tensor latents;
  /// [S, L] uint8.
  at::Tensor ran;
  std::int64_t calls = 0, step_calls = 0;
  /// By name, [n, S, B]; empty where nothing is watched.
  std::map<std::string, at::Tensor> features;
  Arrays traced;
};

StageArrays make_stage(const PreparedSweep& sweep, const Task& task, std::size_t stage,
                       const PreparedRun& whole, const std::vector<std::int64_t>& pictures,
                       const at::Tensor& last, PredictedSamples& predicted) {
  const StageRun& run = whole.stages[stage];
  const auto count = static_cast<std::int64_t>(pictures.size());
  const PromptPair pair = encode_pair(sweep, task, stage, pictures.front(), count, last);
  RunLatents latents(sweep, run, task, stage, pictures);
  StageArrays made;
  made.ran = at::zeros({run.plan.num_steps(), run.plan.num_layers()}, at::kByte);
  const std::vector<int> watched = watched_indices(sweep, stage);
  FeatureProbe probe(watched, run.plan.num_steps(), static_cast<int>(count));
  TracedFeatures traced(sweep, whole, stage, pictures.front(), count);
  latents.options.observe_layer =
      make_observer(made.ran, watched.empty() ? nullptr : &probe, traced, watched);
  latents.options.observe_step = [](int, const at::Tensor&) { check_interrupt(); };
  if (predicted.is_wanted() && stage + 1 == whole.stages.size()) {
    latents.options.observe_original_sample = [&](int step, const at::Tensor& sample) {
      predicted.observe(step, sample);
    };
  }
  const DenoiseResult result = latents.make(run, *task.stages()[stage].denoiser, pair);
  if (!watched.empty()) {
    check_features(sweep.stages[stage].model.layers, watched, probe, made.ran);
    probe.finish(run.program.dropped);
    made.features = {{"mse", probe.mse()},
                     {"frobenius", probe.frobenius()},
                     {"mean", probe.mean()},
                     {"std", probe.std()}};
    made.traced = traced.arrays(run.program.dropped);
  }
  made.latents = result.latents;
  made.calls = result.num_calls;
  made.step_calls = result.num_step_calls;
  return made;
}

/// Stages beside each other along the last axis; those of fewer steps are padded with `fill`.
/// tensors: [..., S, X] each -> [..., the most S, sum of X].
at::Tensor beside(const std::vector<at::Tensor>& tensors, double fill) {
  if (tensors.size() == 1) return tensors[0];
  std::int64_t most = 0;
  for (const at::Tensor& tensor : tensors) most = std::max(most, tensor.size(-2));
  std::vector<at::Tensor> padded;
  for (const at::Tensor& tensor : tensors) {
    padded.push_back(at::constant_pad_nd(tensor, {0, 0, 0, most - tensor.size(-2)}, fill));
  }
  return at::cat(padded, -1);
}

Arrays make_batch(const PreparedSweep& sweep, const Task& task, const PreparedRun& run,
                  std::int64_t first, std::int64_t count) {
  std::vector<std::int64_t> pictures(static_cast<std::size_t>(count));
  std::iota(pictures.begin(), pictures.end(), first);
  std::vector<at::Tensor> ran, calls;
  std::map<std::string, std::vector<at::Tensor>> features;
  std::vector<Arrays> traced;
  PredictedSamples predicted(sweep, run, first, count);
  at::Tensor last;
  for (std::size_t stage = 0; stage < run.stages.size(); ++stage) {
    const StageArrays made = make_stage(sweep, task, stage, run, pictures, last, predicted);
    last = made.latents;
    ran.push_back(made.ran);
    calls.push_back(at::tensor({made.calls, made.step_calls}, at::kLong));
    for (const auto& [name, values] : made.features) features[name].push_back(values);
    traced.push_back(made.traced);
  }
  Arrays arrays = traced_beside(traced);
  for (const auto& [name, values] : features) {
    arrays[picture_arrays::kFeatures + name] = beside(values, kNotMeasured);
  }
  arrays[picture_arrays::kLatents] = last.to(at::kCPU, at::kFloat);
  arrays[picture_arrays::kImages] = task.decode(last);
  if (predicted.is_wanted()) {
    arrays.merge(predicted.arrays(task, last, arrays.at(picture_arrays::kImages)));
  }
  arrays[picture_arrays::kRan] = beside(ran, 0);
  arrays[picture_arrays::kCalls] = at::stack(calls);
  return arrays;
}

/// Joins batches along the pictures; what does not depend on the picture is the same in all, and
/// some arrays are of the first pictures alone.
Arrays join(const std::vector<Arrays>& batches) {
  Arrays joined;
  for (const auto& [name, first] : batches.front()) {
    if (name == picture_arrays::kRan || name == picture_arrays::kCalls) {
      joined[name] = first;
      continue;
    }
    std::vector<at::Tensor> parts;
    for (const Arrays& batch : batches) {
      if (batch.contains(name)) parts.push_back(batch.at(name));
    }
    joined[name] = at::cat(parts, 0);
  }
  return joined;
}

}  // namespace

Arrays make_pictures(const PreparedSweep& sweep, const Task& task, const WorkUnit& unit,
                     const std::function<void(std::int64_t)>& done) {
  std::vector<Arrays> batches;
  const PreparedRun& run = sweep.runs[unit.run];
  // What is decided during the run is decided for each picture by itself.
  const std::int64_t batch = run.adaptive() ? 1 : sweep.experiment.pictures.batch;
  for (std::int64_t i = 0; i < unit.count; i += batch) {
    check_interrupt();
    const std::int64_t count = std::min(batch, unit.count - i);
    const std::int64_t first = unit.first + i;
    batches.push_back(
        of_pictures(run, first, count, [&] { return make_batch(sweep, task, run, first, count); }));
    done(i + count);
  }
  return join(batches);
}

}  // namespace fdbench
