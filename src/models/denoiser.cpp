#include "models/denoiser.h"

namespace fdbench {
namespace {

/// For each layer the last one that takes its output (itself where none does).
std::vector<int> last_uses(std::span<const LayerInfo> layers) {
  std::vector<int> last(layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    last[i] = static_cast<int>(i);
    for (const int input : layers[i].inputs) {
      if (input != kSample) last[input] = static_cast<int>(i);
    }
  }
  return last;
}

}  // namespace

std::string role_name(Role role) {
  switch (role) {
    case Role::kEncoder:
      return "encoder";
    case Role::kBottleneck:
      return "bottleneck";
    case Role::kDecoder:
      return "decoder";
  }
  return "";
}

std::vector<std::int64_t> Denoiser::multiply_adds(const SampleShape& shape) const {
  std::vector<std::int64_t> counts;
  for (const LayerCost& cost : costs(shape)) counts.push_back(cost.all);
  return counts;
}

std::int64_t LayerScratch::nbytes() const {
  std::int64_t bytes = 0;
  const auto add = [&](const at::Tensor& tensor) {
    if (tensor.defined()) bytes += static_cast<std::int64_t>(tensor.nbytes());
  };
  for (const KeysAndValues& term : text) {
    add(term.keys);
    add(term.values);
  }
  add(skip.conv);
  add(skip.shortcut);
  return bytes;
}

at::Tensor forward(const Denoiser& denoiser, const at::Tensor& sample, const at::Tensor& timesteps,
                   const Conditioning& conditioning, const LayerOutputObserver& observer,
                   const SeededTokenMerging& tome) {
  const auto layers = denoiser.layers();
  StepContext context =
      denoiser.begin_step(timesteps, conditioning, sample.size(2), sample.size(3));
  context.tome = tome;
  const std::vector<int> last = last_uses(layers);
  std::vector<at::Tensor> outputs(layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    std::vector<LayerInput> inputs;
    for (const int input : layers[i].inputs) {
      inputs.push_back({input == kSample ? sample : outputs[input]});
    }
    LayerScratch scratch;
    outputs[i] = denoiser.run_layer(static_cast<int>(i), inputs, context, scratch);
    if (observer) observer(static_cast<int>(i), outputs[i]);
    for (const int input : layers[i].inputs) {
      if (input != kSample && last[input] == static_cast<int>(i)) outputs[input].reset();
    }
  }
  return outputs.back();
}

std::vector<std::string> block_names(const Denoiser& denoiser) {
  std::vector<std::string> names;
  for (const LayerInfo& layer : denoiser.layers()) {
    if (names.empty() || names.back() != layer.block) names.push_back(layer.block);
  }
  return names;
}

}  // namespace fdbench
