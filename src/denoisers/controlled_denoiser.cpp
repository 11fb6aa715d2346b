#include "denoisers/controlled_denoiser.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "denoisers/control_fit.h"
#include "kernels/batch.h"
#include "models/shape_checks.h"

namespace fdbench {
namespace {

constexpr const char* kPicture = "controlnet_cond";
constexpr const char* kScale = "conditioning_scale";
constexpr int kNone = -1;

std::string numbered(const char* name, std::size_t index) {
  return index == 0 ? name : std::string(name) + "_" + std::to_string(index);
}

/// Layer of a network, or `count` of them: who owns a layer of the whole.
struct Owner {
  enum class Kind { kControl, kUNet, kAdd };
  Kind kind = Kind::kUNet;
  /// Of the control network.
  std::size_t network = 0;
  /// In its owner; of an add its place among them.
  int layer = 0;
};

struct ControlledStep final : StepState {
  std::unique_ptr<StepState> unet;
  std::vector<std::unique_ptr<StepState>> controls;
  /// Of each network, [m].
  std::vector<at::Tensor> scales;

  std::unique_ptr<StepState> select(std::span<const std::size_t> positions, std::size_t num_steps,
                                    const CallOptions& options) const override {
    auto made = std::make_unique<ControlledStep>();
    made->unet = unet->select(positions, num_steps, options);
    for (const auto& control : controls) {
      made->controls.push_back(control->select(positions, num_steps, options));
    }
    made->scales = scales;
    return made;
  }
};

class ControlledDenoiser final : public Denoiser {
 public:
  ControlledDenoiser(std::unique_ptr<Denoiser> unet, std::vector<ControlNet> controls)
      : unet_(std::move(unet)), controls_(std::move(controls)), info_(unet_->info()) {
    find_skips();
    add_layers();
  }

  const ModelInfo& info() const override { return info_; }
  std::unique_ptr<StepState> begin(const at::Tensor& timesteps, const Conditioning& conditioning,
                                   const SampleShape& shape,
                                   const CallOptions& options) const override;
  Value run(int layer, std::span<const LayerInput> inputs, const StepState& state,
            std::unique_ptr<LayerMemo>* memo) const override;
  std::vector<LayerCost> costs(const SampleShape& shape, const CallOptions& options) const override;

 private:
  void find_skips();
  void add_layers();
  void add_control(std::size_t network);
  /// Of the UNet's layers `first` to `end` - 1.
  void add_unet(int first, int end);
  void add_sum(const std::string& name, Edge skip, std::size_t place);
  void push(LayerInfo info, Owner owner, std::int64_t num_parameters);
  /// The UNet's layer in the whole, as a layer of `part` reads it.
  Edge whole_edge(const Edge& edge, bool of_decoder) const;
  Value sum(std::size_t place, std::span<const LayerInput> inputs,
            const ControlledStep& step) const;
  std::size_t num_residuals() const { return skips_.size() + 1; }

  std::unique_ptr<Denoiser> unet_;
  std::vector<ControlNet> controls_;
  ModelInfo info_;
  std::vector<Owner> owners_;
  /// The UNet's layers that its decoder takes as skips, and the last one before the decoder.
  std::vector<int> skips_;
  int mid_ = kNone;
  /// In the whole: first layer of each network, the UNet's first one, the first sum.
  std::vector<int> first_of_control_;
  /// Of each network, its layers that give the residuals of the skips and of the middle.
  std::vector<std::vector<int>> residuals_;
  int first_of_unet_ = 0, first_sum_ = 0;
};

void ControlledDenoiser::find_skips() {
  const std::span<const LayerInfo> layers = unet_->layers();
  int first = 0;
  while (layers[static_cast<std::size_t>(first)].part != parts::kDecoder) ++first;
  mid_ = first - 1;
  for (const LayerInfo& layer : layers) {
    for (const Edge& edge : layer.inputs) {
      if (edge.kind == EdgeKind::kSkip) skips_.push_back(edge.layer);
    }
  }
  std::sort(skips_.begin(), skips_.end());
  skips_.erase(std::unique(skips_.begin(), skips_.end()), skips_.end());
}

void ControlledDenoiser::push(LayerInfo info, Owner owner, std::int64_t num_parameters) {
  info_.layers.push_back(std::move(info));
  info_.layer_parameters.push_back(num_parameters);
  owners_.push_back(owner);
}

void ControlledDenoiser::add_layers() {
  info_.layers.clear();
  info_.layer_parameters.clear();
  for (std::size_t i = 0; i < controls_.size(); ++i) add_control(i);
  first_of_unet_ = static_cast<int>(owners_.size());
  first_sum_ = first_of_unet_ + mid_ + 1;
  add_unet(0, mid_ + 1);
  for (std::size_t i = 0; i < skips_.size(); ++i) {
    add_sum("control_add." + std::to_string(i), first_of_unet_ + skips_[i], i);
  }
  add_sum("control_add.mid", first_of_unet_ + mid_, skips_.size());
  add_unet(mid_ + 1, static_cast<int>(unet_->layers().size()));
  for (std::size_t i = 0; i < controls_.size(); ++i) {
    for (const ConditioningInput& input : controls_[i].network->info().conditioning) {
      if (input.name != kPicture) continue;
      info_.conditioning.push_back({control_picture_name(i), input.axes});
    }
  }
}

void ControlledDenoiser::add_control(std::size_t network) {
  const ModelInfo& net = controls_[network].network->info();
  const int first = static_cast<int>(owners_.size());
  first_of_control_.push_back(first);
  residuals_.push_back(
      residuals_for(*unet_, skips_, mid_, *controls_[network].network, controls_[network].pools));
  const std::string prefix = control_prefix(network, controls_.size());
  for (std::size_t i = 0; i < net.layers.size(); ++i) {
    LayerInfo info = net.layers[i];
    info.name = prefix + info.name;
    info.block = prefix + info.block;
    for (Edge& edge : info.inputs) {
      if (edge.layer != kSample) edge.layer += first;
    }
    for (std::string& name : info.reads) {
      if (name == kPicture) name = control_picture_name(network);
    }
    push(std::move(info), {Owner::Kind::kControl, network, static_cast<int>(i)},
         net.layer_parameters[i]);
  }
  info_.step_parameters += net.step_parameters;
}

Edge ControlledDenoiser::whole_edge(const Edge& edge, bool of_decoder) const {
  if (edge.layer == kSample) return edge;
  if (edge.layer > mid_) {
    return {first_of_unet_ + edge.layer + static_cast<int>(num_residuals()), edge.kind};
  }
  if (!of_decoder) return {first_of_unet_ + edge.layer, edge.kind};
  if (edge.kind == EdgeKind::kMain) return {first_sum_ + static_cast<int>(skips_.size())};
  const auto place = std::lower_bound(skips_.begin(), skips_.end(), edge.layer) - skips_.begin();
  return {first_sum_ + static_cast<int>(place), EdgeKind::kSkip};
}

void ControlledDenoiser::add_unet(int first, int end) {
  const ModelInfo& unet = unet_->info();
  for (int i = first; i < end; ++i) {
    LayerInfo info = unet.layers[static_cast<std::size_t>(i)];
    for (Edge& edge : info.inputs) edge = whole_edge(edge, i > mid_);
    push(std::move(info), {Owner::Kind::kUNet, 0, i},
         unet.layer_parameters[static_cast<std::size_t>(i)]);
  }
}

void ControlledDenoiser::add_sum(const std::string& name, Edge skip, std::size_t place) {
  LayerInfo info{.name = name, .block = "control_add", .part = parts::kControl, .inputs = {skip}};
  for (std::size_t i = 0; i < controls_.size(); ++i) {
    info.inputs.emplace_back(first_of_control_[i] + residuals_[i][place], EdgeKind::kOptional);
    info.reads.push_back(control_scale_name(i));
  }
  push(std::move(info), {Owner::Kind::kAdd, 0, static_cast<int>(place)}, 0);
}

std::unique_ptr<StepState> ControlledDenoiser::begin(const at::Tensor& timesteps,
                                                     const Conditioning& conditioning,
                                                     const SampleShape& shape,
                                                     const CallOptions& options) const {
  Conditioning rest = conditioning;
  for (std::size_t i = 0; i < controls_.size(); ++i) {
    rest.set(control_picture_name(i), {});
    rest.set(control_scale_name(i), {});
  }
  auto step = std::make_unique<ControlledStep>();
  step->unet = unet_->begin(timesteps, rest, shape, options);
  for (std::size_t i = 0; i < controls_.size(); ++i) {
    const at::Tensor picture = conditioning.get(control_picture_name(i));
    if (!picture.defined()) {
      throw usage_error("the control picture ('" + control_picture_name(i) + "') is missing");
    }
    Conditioning own = rest;
    own.set(kPicture, picture);
    step->controls.push_back(controls_[i].network->begin(timesteps, own, shape, options));
    at::Tensor scale = conditioning.get(control_scale_name(i));
    if (!scale.defined()) scale = at::ones({1});
    check_shape(control_scale_name(i), scale, {-1}, "[batch]");
    step->scales.push_back(scale.to(info_.device, at::kFloat));
  }
  return step;
}

Value ControlledDenoiser::run(int layer, std::span<const LayerInput> inputs, const StepState& state,
                              std::unique_ptr<LayerMemo>* memo) const {
  const auto& step = static_cast<const ControlledStep&>(state);
  const Owner& owner = owners_.at(static_cast<std::size_t>(layer));
  switch (owner.kind) {
    case Owner::Kind::kControl:
      return controls_[owner.network].network->run(owner.layer, inputs,
                                                   *step.controls[owner.network], memo);
    case Owner::Kind::kUNet:
      return unet_->run(owner.layer, inputs, *step.unet, memo);
    case Owner::Kind::kAdd:
      return sum(static_cast<std::size_t>(owner.layer), inputs, step);
  }
  throw runtime_error("unreachable");
}

/// inputs: the skip, then a residual of each network, empty where it is left out. The batch is that
/// of all entries in any case.
Value ControlledDenoiser::sum(std::size_t place, std::span<const LayerInput> inputs,
                              const ControlledStep& step) const {
  at::Tensor total = inputs[0].value.front();
  for (std::size_t i = 0; i < controls_.size(); ++i) {
    at::Tensor weight = step.scales[i];
    if (inputs[i + 1].value.empty()) {
      total = repeat_batch(total, std::max(total.size(0), weight.size(0)));
      continue;
    }
    const at::Tensor& residual = inputs[i + 1].value.front();
    if (controls_[i].guess_mode && !controls_[i].pools) {
      const double share = static_cast<double>(place) / static_cast<double>(skips_.size());
      weight = weight * std::pow(10.0, share - 1);
    }
    const std::int64_t batch = std::max({total.size(0), residual.size(0), weight.size(0)});
    const at::Tensor factor =
        repeat_batch(weight, batch).to(residual.scalar_type()).view({batch, 1, 1, 1});
    total = repeat_batch(total, batch) + factor * repeat_batch(residual, batch);
  }
  return total;
}

std::vector<LayerCost> ControlledDenoiser::costs(const SampleShape& shape,
                                                 const CallOptions& options) const {
  const std::vector<LayerCost> unet = unet_->costs(shape, options);
  std::vector<std::vector<LayerCost>> controls;
  for (const ControlNet& control : controls_) {
    controls.push_back(control.network->costs(shape, options));
  }
  std::vector<LayerCost> costs;
  for (const Owner& owner : owners_) {
    const auto layer = static_cast<std::size_t>(owner.layer);
    if (owner.kind == Owner::Kind::kControl) {
      costs.push_back(controls[owner.network][layer]);
    } else if (owner.kind == Owner::Kind::kUNet) {
      costs.push_back(unet[layer]);
    } else {
      const int skip = layer < skips_.size() ? skips_[layer] : mid_;
      costs.push_back({.output_size = unet[static_cast<std::size_t>(skip)].output_size});
    }
  }
  return costs;
}

}  // namespace

std::string control_picture_name(std::size_t index) { return numbered(kPicture, index); }
std::string control_scale_name(std::size_t index) { return numbered(kScale, index); }

std::string control_prefix(std::size_t index, std::size_t count) {
  return count == 1 ? "controlnet." : "controlnets." + std::to_string(index) + ".";
}

std::unique_ptr<Denoiser> with_control(std::unique_ptr<Denoiser> unet,
                                       std::vector<ControlNet> controls) {
  return std::make_unique<ControlledDenoiser>(std::move(unet), std::move(controls));
}

}  // namespace fdbench
