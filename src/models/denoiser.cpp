#include "models/denoiser.h"

namespace fdbench {
namespace {

at::Tensor repeated(const at::Tensor& tensor, std::int64_t n) {
  if (!tensor.defined() || n == 1) return tensor;
  std::vector<std::int64_t> repeats(static_cast<std::size_t>(tensor.dim()), 1);
  repeats[0] = n;
  return tensor.repeat(repeats);
}

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

Conditioning Conditioning::repeat(std::int64_t n) const {
  return {repeated(encoder_hidden_states, n), repeated(text_embeds, n), repeated(time_ids, n)};
}

at::Tensor forward(const Denoiser& denoiser, const at::Tensor& sample, const at::Tensor& timesteps,
                   const Conditioning& conditioning) {
  const auto layers = denoiser.layers();
  const StepContext context =
      denoiser.begin_step(timesteps, conditioning, sample.size(2), sample.size(3));
  const std::vector<int> last = last_uses(layers);
  std::vector<at::Tensor> outputs(layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    std::vector<at::Tensor> inputs;
    for (const int input : layers[i].inputs) {
      inputs.push_back(input == kSample ? sample : outputs[input]);
    }
    outputs[i] = denoiser.run_layer(static_cast<int>(i), inputs, context);
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
