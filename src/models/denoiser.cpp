#include "models/denoiser.h"

#include <algorithm>
#include <numeric>

namespace fdbench {
namespace {

/// For each layer the last one that takes its output (itself where none does).
std::vector<int> last_uses(std::span<const LayerInfo> layers) {
  std::vector<int> last(layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    last[i] = static_cast<int>(i);
    for (const Edge& input : layers[i].inputs) {
      if (input.layer != kSample) last[input.layer] = static_cast<int>(i);
    }
  }
  return last;
}

}  // namespace

std::vector<bool> unconditioned_layers(std::span<const LayerInfo> layers) {
  std::vector<bool> free(layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::vector<Edge>& inputs = layers[i].inputs;
    free[i] = layers[i].reads.empty() &&
              std::all_of(inputs.begin(), inputs.end(), [&](const Edge& input) {
                return input.layer == kSample || free[input.layer];
              });
  }
  return free;
}

std::vector<bool> optional_layers(std::span<const LayerInfo> layers) {
  std::vector<bool> is_read(layers.size(), false), optional(layers.size(), true);
  for (std::size_t i = layers.size(); i-- > 0;) {
    optional[i] = optional[i] && is_read[i];
    for (const Edge& input : layers[i].inputs) {
      if (input.layer == kSample) continue;
      const auto from = static_cast<std::size_t>(input.layer);
      is_read[from] = true;
      if (input.kind != EdgeKind::kOptional && !optional[i]) optional[from] = false;
    }
  }
  return optional;
}

SampleShape shape_of(const at::Tensor& sample) {
  return {sample.size(0), sample.sizes().slice(2).vec()};
}

std::int64_t ModelInfo::num_parameters() const {
  return std::accumulate(layer_parameters.begin(), layer_parameters.end(), step_parameters);
}

at::Tensor rows_of_steps(const at::Tensor& tensor, std::span<const std::size_t> positions,
                         std::size_t num_steps) {
  const std::int64_t rows = tensor.size(0) / static_cast<std::int64_t>(num_steps);
  std::vector<at::Tensor> parts;
  for (const std::size_t position : positions) {
    parts.push_back(tensor.narrow(0, static_cast<std::int64_t>(position) * rows, rows));
  }
  return parts.size() == 1 ? parts[0] : at::cat(parts, 0);
}

std::vector<std::int64_t> multiply_adds(const Denoiser& denoiser, const SampleShape& shape) {
  std::vector<std::int64_t> counts;
  for (const LayerCost& cost : denoiser.costs(shape, {})) counts.push_back(cost.all);
  return counts;
}

at::Tensor forward(const Denoiser& denoiser, const at::Tensor& sample, const at::Tensor& timesteps,
                   const Conditioning& conditioning, const LayerOutputObserver& observer,
                   const SeededTokenMerging& tome) {
  const auto layers = denoiser.layers();
  const auto state =
      denoiser.begin(timesteps, conditioning, shape_of(sample), CallOptions{.tome = tome});
  const std::vector<int> last = last_uses(layers);
  std::vector<Value> outputs(layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    std::vector<LayerInput> inputs;
    for (const Edge& input : layers[i].inputs) {
      inputs.push_back({input.layer == kSample ? Value(sample) : outputs[input.layer]});
    }
    outputs[i] = denoiser.run(static_cast<int>(i), inputs, *state, nullptr);
    if (observer) observer(static_cast<int>(i), outputs[i]);
    for (const Edge& input : layers[i].inputs) {
      if (input.layer != kSample && last[input.layer] == static_cast<int>(i)) {
        outputs[input.layer] = {};
      }
    }
  }
  return outputs.back().front();
}

std::vector<std::string> block_names(std::span<const LayerInfo> layers) {
  std::vector<std::string> names;
  for (const LayerInfo& layer : layers) {
    if (names.empty() || names.back() != layer.block) names.push_back(layer.block);
  }
  return names;
}

}  // namespace fdbench
