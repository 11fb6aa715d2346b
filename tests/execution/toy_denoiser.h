// A tiny denoiser with skip connections for tests of plans and executor: seven pure layers that mix
// channels.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "kernels/batch.h"
#include "models/denoiser.h"
#include "samplers/sampler.h"

namespace fdbench {

/// conv_in -> down.0 -> down.1 -> mid -> up.0 (skip down.1) -> up.1 (skip down.0) -> conv_out.
class ToyDenoiser : public Denoiser {
 public:
  enum Layer { kConvIn, kDown0, kDown1, kMid, kUp0, kUp1, kConvOut, kNumLayers };
  static constexpr std::int64_t kChannels = 4;

  ToyDenoiser() {
    for (int layer = 0; layer < kNumLayers; ++layer) {
      weights_.push_back(0.7 * at::randn({kChannels, kChannels}));
    }
  }

  std::span<const LayerInfo> layers() const override { return infos_; }
  std::int64_t in_channels() const override { return kChannels; }
  std::int64_t sample_size() const override { return 6; }
  at::ScalarType dtype() const override { return at::kFloat; }
  at::Device device() const override { return at::kCPU; }
  std::int64_t num_parameters(int) const override { return kChannels * kChannels; }
  std::vector<LayerCost> costs(const SampleShape&) const override {
    return std::vector<LayerCost>(kNumLayers, LayerCost{1, 0, 0, 0});
  }

  StepContext begin_step(const at::Tensor& timesteps, const Conditioning& conditioning,
                         std::int64_t height, std::int64_t width) const override {
    const at::Tensor phases = timesteps.unsqueeze(1) * at::arange(1, kChannels + 1) * 0.01;
    return {phases.sin(), conditioning.encoder_hidden_states, height, width};
  }

  at::Tensor run_layer(int layer, std::span<const LayerInput> inputs, const StepContext& context,
                       LayerScratch&) const override {
    const bool looks_at_step = layer != kConvIn && layer != kConvOut;  // as in a real UNet
    std::int64_t batch = inputs[0].values.size(0);
    for (const LayerInput& input : inputs) batch = std::max(batch, input.values.size(0));
    if (looks_at_step)
      batch = std::max({batch, context.emb.size(0), context.encoder_hidden_states.size(0)});
    batch_sizes[layer].push_back(batch);
    at::Tensor sum = repeat_batch(inputs[0].values, batch);
    for (std::size_t i = 1; i < inputs.size(); ++i)
      sum = sum + 0.5 * repeat_batch(inputs[i].values, batch);
    const at::Tensor mixed = at::einsum("ij,bjhw->bihw", {weights_[layer], sum});
    if (!looks_at_step) return mixed;
    const at::Tensor shift = repeat_batch(context.emb, batch) +
                             repeat_batch(context.encoder_hidden_states.mean(1), batch);
    return (mixed + shift.unsqueeze(2).unsqueeze(3)).tanh();
  }

  /// Batch sizes of all calls so far, by layer.
  mutable std::map<int, std::vector<std::int64_t>> batch_sizes;

 private:
  std::vector<at::Tensor> weights_;
  std::vector<LayerInfo> infos_ = {
      {"conv_in", "conv_in", Role::kEncoder, {kSample}},
      {"down_blocks.0.resnets.0", "down_blocks.0", Role::kEncoder, {kConvIn}},
      {"down_blocks.1.resnets.0", "down_blocks.1", Role::kEncoder, {kDown0}},
      {"mid_block", "mid_block", Role::kBottleneck, {kDown1}},
      {"up_blocks.0.resnets.0", "up_blocks.0", Role::kDecoder, {kMid, kDown1}},
      {"up_blocks.0.resnets.1", "up_blocks.0", Role::kDecoder, {kUp0, kDown0}},
      {"conv_out", "conv_out", Role::kDecoder, {kUp1}},
  };
};

/// Scales its input and moves against the prediction, by another share at each step.
class ToySampler : public Sampler {
 public:
  explicit ToySampler(int num_steps) {
    for (int i = 0; i < num_steps; ++i) timesteps_.push_back(990.0 - 37.0 * i);
  }

  std::string name() const override { return "toy"; }
  const std::vector<double>& timesteps() const override { return timesteps_; }
  at::Tensor scale_model_input(const at::Tensor& sample, int step) const override {
    return sample / (1.0 + 0.1 * step);
  }
  at::Tensor step(const at::Tensor& model_output, int step, const at::Tensor& sample,
                  const NoiseSource&) override {
    return sample - (0.1 + 0.02 * step) * model_output;
  }

 private:
  std::vector<double> timesteps_;
};

}  // namespace fdbench
