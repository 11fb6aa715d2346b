#include "denoisers/image_conditioned.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "kernels/batch.h"
#include "models/shape_checks.h"

namespace fdbench {
namespace {

struct ImageStep final : StepState {
  std::unique_ptr<StepState> inner;
  /// [m, C, h, w], of one step.
  at::Tensor image;

  std::unique_ptr<StepState> select(std::span<const std::size_t> positions, std::size_t num_steps,
                                    const CallOptions& options) const override {
    auto made = std::make_unique<ImageStep>();
    made->inner = inner->select(positions, num_steps, options);
    made->image = image;
    return made;
  }
};

bool takes_sample(const LayerInfo& layer) {
  return std::any_of(layer.inputs.begin(), layer.inputs.end(),
                     [](const Edge& edge) { return edge.layer == kSample; });
}

class ImageConditioned final : public Denoiser {
 public:
  ImageConditioned(std::unique_ptr<Denoiser> denoiser, std::int64_t channels)
      : denoiser_(std::move(denoiser)), channels_(channels), info_(denoiser_->info()) {
    if (info_.in_channels <= channels) {
      throw usage_error("the network takes " + std::to_string(info_.in_channels) +
                        " channels, which leaves none for the sample beside a picture of " +
                        std::to_string(channels));
    }
    info_.in_channels -= channels;
    info_.conditioning.push_back({.name = kImage, .axes = {channels, -1, -1}});
    for (LayerInfo& layer : info_.layers) {
      if (takes_sample(layer)) layer.reads.push_back(kImage);
    }
  }

  const ModelInfo& info() const override { return info_; }

  std::unique_ptr<StepState> begin(const at::Tensor& timesteps, const Conditioning& conditioning,
                                   const SampleShape& shape,
                                   const CallOptions& options) const override {
    if (!conditioning.has(kImage)) {
      throw usage_error("the picture that this stage is shown ('image') is missing");
    }
    Conditioning rest = conditioning;
    rest.set(kImage, {});
    auto step = std::make_unique<ImageStep>();
    step->image = conditioning.get(kImage).to(info_.device, info_.dtype);
    std::vector<std::int64_t> wanted = {-1, channels_};
    std::vector<std::string> words = {"batch", std::to_string(channels_)};
    for (const std::int64_t side : shape.axes) {
      wanted.push_back(side);
      words.push_back(std::to_string(side));
    }
    check_shape(kImage, step->image, wanted, shape_words(words));
    step->inner = denoiser_->begin(timesteps, rest, shape, options);
    return step;
  }

  Value run(int layer, std::span<const LayerInput> inputs, const StepState& state,
            std::unique_ptr<LayerMemo>* memo) const override {
    const auto& step = static_cast<const ImageStep&>(state);
    const LayerInfo& info = info_.layers[static_cast<std::size_t>(layer)];
    if (!takes_sample(info)) return denoiser_->run(layer, inputs, *step.inner, memo);
    std::vector<LayerInput> whole(inputs.begin(), inputs.end());
    for (std::size_t i = 0; i < whole.size(); ++i) {
      if (info.inputs[i].layer == kSample) whole[i].value = {joined(whole[i].value.front(), step)};
    }
    return denoiser_->run(layer, whole, *step.inner, memo);
  }

  std::vector<LayerCost> costs(const SampleShape& shape,
                               const CallOptions& options) const override {
    std::vector<LayerCost> costs = denoiser_->costs(shape, options);
    for (std::size_t i = 0; i < costs.size(); ++i) {
      if (takes_sample(info_.layers[i])) costs[i].unconditioned = 0;
    }
    return costs;
  }

 private:
  /// The sample with the picture behind it, both of the larger batch.
  static at::Tensor joined(const at::Tensor& sample, const ImageStep& step) {
    const std::int64_t batch = std::max(sample.size(0), step.image.size(0));
    const at::Tensor first = sample.to(step.image.options());
    return at::cat({repeat_batch(first, batch), repeat_batch(step.image, batch)}, 1);
  }

  std::unique_ptr<Denoiser> denoiser_;
  std::int64_t channels_;
  ModelInfo info_;
};

}  // namespace

std::unique_ptr<Denoiser> with_image(std::unique_ptr<Denoiser> denoiser,
                                     std::int64_t image_channels) {
  return std::make_unique<ImageConditioned>(std::move(denoiser), image_channels);
}

}  // namespace fdbench
