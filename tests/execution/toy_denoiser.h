// A tiny denoiser with skip connections for tests of plans and executor: seven pure layers that mix
// channels.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kernels/batch.h"
#include "models/denoiser.h"
#include "samplers/sampler.h"

namespace fdbench {

/// What a step brings to a toy's layers.
struct ToyStep final : StepState {
  at::Tensor emb, text;
  CallOptions options;

  std::unique_ptr<StepState> select(std::span<const std::size_t> positions, std::size_t num_steps,
                                    const CallOptions& call) const override {
    auto made = std::make_unique<ToyStep>(*this);
    made->options = call;
    made->emb = rows_of_steps(emb, positions, num_steps);
    return made;
  }
};

/// A graph of layers that mix channels: each sums its inputs, the later ones at half weight, and
/// adds what the step brings. Of any axes.
class GraphToy : public Denoiser {
 public:
  static constexpr std::int64_t kChannels = 4;

  /// The first and the last layer do not look at the step, as in a real UNet.
  explicit GraphToy(std::vector<LayerInfo> layers, std::vector<std::int64_t> axes = {6, 6}) {
    info_.class_name = "ToyDenoiser";
    info_.layers = std::move(layers);
    info_.in_channels = info_.out_channels = kChannels;
    info_.sample_axes = std::move(axes);
    for (LayerInfo& layer : info_.layers) {
      weights_.push_back(0.7 * at::randn({kChannels, kChannels}));
      info_.layer_parameters.push_back(kChannels * kChannels);
      if (looks_at_step(static_cast<int>(weights_.size()) - 1)) {
        layer.reads = {"encoder_hidden_states"};
      }
    }
  }

  const ModelInfo& info() const override { return info_; }
  std::vector<LayerCost> costs(const SampleShape& shape, const CallOptions&) const override {
    std::int64_t size = shape.batch * kChannels;
    for (const std::int64_t side : shape.axes) size *= side;
    return std::vector<LayerCost>(info_.layers.size(), LayerCost{.all = 1, .output_size = size});
  }
  std::unique_ptr<StepState> begin(const at::Tensor& timesteps, const Conditioning& conditioning,
                                   const SampleShape&, const CallOptions& options) const override {
    auto step = std::make_unique<ToyStep>();
    step->emb = (timesteps.unsqueeze(1) * at::arange(1, kChannels + 1) * 0.01).sin();
    step->text = conditioning.get("encoder_hidden_states");
    step->options = options;
    return step;
  }
  Value run(int layer, std::span<const LayerInput> inputs, const StepState& state,
            std::unique_ptr<LayerMemo>*) const override {
    const auto& step = static_cast<const ToyStep&>(state);
    std::int64_t batch = 0;
    for (const LayerInput& input : inputs) {
      if (!input.value.empty()) batch = std::max(batch, input.value.batch());
    }
    if (looks_at_step(layer)) batch = std::max({batch, step.emb.size(0), step.text.size(0)});
    batch_sizes[layer].push_back(batch);
    at::Tensor sum;
    for (const LayerInput& input : inputs) {
      for (std::size_t stream = 0; stream < input.value.size(); ++stream) {
        const at::Tensor values = repeat_batch(input.value[stream], batch);
        sum = sum.defined() ? sum + 0.5 * values : values;
      }
    }
    at::Tensor mixed = at::tensordot(weights_[layer], sum, {1}, {1}).transpose(0, 1).contiguous();
    if (!looks_at_step(layer)) return mixed;
    at::Tensor shift = repeat_batch(step.emb, batch) + repeat_batch(step.text.mean(1), batch);
    while (shift.dim() < mixed.dim()) shift = shift.unsqueeze(-1);
    const at::Tensor output = (mixed + shift).tanh();
    if (num_streams == 1) return output;
    return {output, output.square()};
  }

  /// Batch sizes of all calls so far, by layer.
  mutable std::map<int, std::vector<std::int64_t>> batch_sizes;
  /// Of the layers between the first and the last.
  int num_streams = 1;

 protected:
  bool looks_at_step(int layer) const {
    return layer != 0 && layer + 1 != static_cast<int>(info_.layers.size());
  }

  ModelInfo info_;
  std::vector<at::Tensor> weights_;
};

/// conv_in -> down.0 -> down.1 -> mid -> up.0 (skip down.1) -> up.1 (skip down.0) -> conv_out.
class ToyDenoiser : public GraphToy {
 public:
  enum Layer { kConvIn, kDown0, kDown1, kMid, kUp0, kUp1, kConvOut, kNumLayers };

  explicit ToyDenoiser(std::vector<std::int64_t> axes = {6, 6})
      : GraphToy({{"conv_in", "conv_in", parts::kEncoder, {kSample}},
                  {"down_blocks.0.resnets.0", "down_blocks.0", parts::kEncoder, {kConvIn}},
                  {"down_blocks.1.resnets.0", "down_blocks.1", parts::kEncoder, {kDown0}},
                  {"mid_block", "mid_block", parts::kBottleneck, {kDown1}},
                  {"up_blocks.0.resnets.0",
                   "up_blocks.0",
                   parts::kDecoder,
                   {kMid, {kDown1, EdgeKind::kSkip}}},
                  {"up_blocks.0.resnets.1",
                   "up_blocks.0",
                   parts::kDecoder,
                   {kUp0, {kDown0, EdgeKind::kSkip}}},
                  {"conv_out", "conv_out", parts::kDecoder, {kUp1}}},
                 std::move(axes)) {}
};

/// The same with a control network before it: control.0 -> control.1, whose output is added to
/// down.1 and to mid.
class ControlToy : public GraphToy {
 public:
  enum Layer {
    kControl0,
    kControl1,
    kConvIn,
    kDown0,
    kDown1,
    kMid,
    kAdd0,
    kAddMid,
    kUp0,
    kUp1,
    kConvOut,
    kNumLayers
  };

  ControlToy()
      : GraphToy({{"controlnet.0", "controlnet.conv_in", parts::kControl, {kSample}},
                  {"controlnet.1", "controlnet.mid_block", parts::kControl, {kControl0}},
                  {"conv_in", "conv_in", parts::kEncoder, {kSample}},
                  {"down_blocks.0.resnets.0", "down_blocks.0", parts::kEncoder, {kConvIn}},
                  {"down_blocks.1.resnets.0", "down_blocks.1", parts::kEncoder, {kDown0}},
                  {"mid_block", "mid_block", parts::kBottleneck, {kDown1}},
                  {"control_add.0",
                   "control_add",
                   parts::kControl,
                   {kDown0, {kControl0, EdgeKind::kOptional}}},
                  {"control_add.mid",
                   "control_add",
                   parts::kControl,
                   {kMid, {kControl1, EdgeKind::kOptional}}},
                  {"up_blocks.0.resnets.0",
                   "up_blocks.0",
                   parts::kDecoder,
                   {kAddMid, {kDown1, EdgeKind::kSkip}}},
                  {"up_blocks.0.resnets.1",
                   "up_blocks.0",
                   parts::kDecoder,
                   {kUp0, {kAdd0, EdgeKind::kSkip}}},
                  {"conv_out", "conv_out", parts::kDecoder, {kUp1}}}) {}
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
  at::Tensor original_sample(const at::Tensor& model_output, int step,
                             const at::Tensor& sample) const override {
    return sample - model_output * (step + 1);
  }
  at::Tensor step(const at::Tensor& model_output, int step, const at::Tensor& sample,
                  const NoiseSource&) override {
    return sample - (0.1 + 0.02 * step) * model_output;
  }

 private:
  std::vector<double> timesteps_;
};

}  // namespace fdbench
