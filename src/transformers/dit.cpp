#include "transformers/dit.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "kernels/batch.h"
#include "models/counting_weights.h"
#include "models/shape_checks.h"
#include "models/unread_layers.h"
#include "nn/embeddings.h"
#include "transformers/dit_config.h"
#include "transformers/dit_layers.h"

namespace fdbench {
namespace {

constexpr const char* kThis = "this transformer";

/// What a step brings to the layers.
struct DiTStep final : StepState {
  /// [n, D] of each distinct embedder, after its activation.
  std::vector<at::Tensor> embs;
  /// [tokens, D].
  at::Tensor positions;
  /// Patches on a side of the latent.
  std::int64_t side = 0;

  std::unique_ptr<StepState> select(std::span<const std::size_t> chosen, std::size_t num_steps,
                                    const CallOptions&) const override {
    auto made = std::make_unique<DiTStep>(*this);
    for (at::Tensor& emb : made->embs) emb = rows_of_steps(emb, chosen, num_steps);
    return made;
  }
};

class DiTTransformer2DModel : public Denoiser {
 public:
  DiTTransformer2DModel(const DiTConfig& config, std::int64_t split, Weights& weights)
      : config_(config), base_side_(config.sample_size / config.patch_size) {
    take_embedders(weights);
    CountingWeights counting(weights);
    for (std::size_t i = 0; i < num_layers(); ++i) {
      layers_.push_back(make_dit_layer(counting, config_, i));
      add_info(i, split);
      info_.layer_parameters.push_back(counting.count());
    }
    weights.finish();
    describe();
  }
  DiTTransformer2DModel(const DiTConfig& config, std::int64_t split, Weights& outline,
                        std::unique_ptr<Weights> weights)
      : DiTTransformer2DModel(config, split, outline) {
    unread_.emplace(std::move(weights), layers_.size());
    take_embedders(unread_->weights());
    describe();
  }

  const ModelInfo& info() const override { return info_; }
  std::unique_ptr<StepState> begin(const at::Tensor& timesteps, const Conditioning& conditioning,
                                   const SampleShape& shape,
                                   const CallOptions& options) const override;
  Value run(int layer, std::span<const LayerInput> inputs, const StepState& state,
            std::unique_ptr<LayerMemo>* memo) const override;
  std::vector<LayerCost> costs(const SampleShape& shape, const CallOptions& options) const override;

 private:
  std::size_t num_layers() const { return static_cast<std::size_t>(config_.num_layers) + 2; }
  bool is_block(std::size_t layer) const { return layer > 0 && layer + 1 < num_layers(); }
  void take_embedders(Weights& weights);
  void add_info(std::size_t layer, std::int64_t split);
  /// Fills the rest of `info_`.
  void describe();
  void check_call(const SampleShape& shape, const CallOptions& options) const;
  at::Tensor class_labels(const Conditioning& conditioning) const;
  at::Tensor positions(std::int64_t side) const;

  DiTConfig config_;
  /// Patches on a side of the latent that the network was trained on.
  std::int64_t base_side_ = 0;
  DiTEmbedders embedders_;
  std::vector<DiTModule> layers_;
  /// Of the grid that the network was trained on, [tokens, D].
  at::Tensor positions_;
  ModelInfo info_;
  mutable std::optional<UnreadLayers<DiTModule>> unread_;
};

void DiTTransformer2DModel::take_embedders(Weights& weights) {
  embedders_ = DiTEmbedders(weights, config_);
  const at::Tensor& classes = embedders_.distinct().front().classes;
  info_.dtype = classes.scalar_type();
  info_.device = classes.device();
  if (!classes.is_meta()) positions_ = positions(base_side_);
}

void DiTTransformer2DModel::add_info(std::size_t layer, std::int64_t split) {
  const auto index = static_cast<int>(layer);
  const std::string name = layer == 0        ? "pos_embed"
                           : is_block(layer) ? "transformer_blocks." + std::to_string(layer - 1)
                                             : "head";
  LayerInfo made{.name = name,
                 .block = name,
                 .part = index <= split ? parts::kEncoder : parts::kDecoder,
                 .inputs = {layer == 0 ? kSample : index - 1}};
  if (layer > 0) made.reads = {kClassLabels};
  info_.layers.push_back(std::move(made));
}

void DiTTransformer2DModel::describe() {
  info_.class_name = "DiTTransformer2DModel";
  info_.step_parameters = embedders_.num_parameters();
  info_.in_channels = config_.in_channels;
  info_.out_channels = config_.out_channels;
  info_.sample_axes = {config_.sample_size, config_.sample_size};
  info_.conditioning = {{kClassLabels, {}}};
}

void DiTTransformer2DModel::check_call(const SampleShape& shape, const CallOptions& options) const {
  if (shape.axes.size() != 2) {
    throw usage_error("this transformer works on latents of height and width, not of " +
                      std::to_string(shape.axes.size()) + " axes");
  }
  const std::int64_t height = shape.axes[0], width = shape.axes[1], patch = config_.patch_size;
  if (height != width || height < 1 || height % patch != 0) {
    throw usage_error("a latent of " + std::to_string(height) + "x" + std::to_string(width) +
                      ": this transformer works on squares whose sides are multiples of " +
                      std::to_string(patch) + " ('patch_size')");
  }
  if (options.tome.options.on()) {
    throw usage_error("token merging is for UNets: this transformer has no feature maps");
  }
}

/// int64 [m], checked.
at::Tensor DiTTransformer2DModel::class_labels(const Conditioning& conditioning) const {
  for (const auto& [name, tensor] : conditioning.tensors()) {
    if (name != kClassLabels) throw usage_error(name + " is given, but " + kThis + " takes none");
  }
  const at::Tensor labels = conditioning.get(kClassLabels);
  check_shape(kClassLabels, labels, {-1}, "[batch]", kThis);
  if (!at::isIntegralType(labels.scalar_type(), /*includeBool=*/false)) {
    throw usage_error("class_labels must hold whole numbers");
  }
  const at::Tensor wide = labels.to(at::kLong);
  const at::Tensor bad =
      wide.masked_select(wide.lt(0).logical_or(wide.gt(config_.num_embeds_ada_norm)));
  if (bad.numel() == 0) return wide.to(info_.device);
  throw usage_error("class_labels holds " + std::to_string(bad[0].item<std::int64_t>()) + "; " +
                    kThis + " knows classes 0 to " +
                    std::to_string(config_.num_embeds_ada_norm - 1) + ", and " +
                    std::to_string(config_.num_embeds_ada_norm) + " for none");
}

at::Tensor DiTTransformer2DModel::positions(std::int64_t side) const {
  return sincos_positions(config_.inner_dim(), side, side, base_side_)
      .to(info_.device, info_.dtype);
}

std::unique_ptr<StepState> DiTTransformer2DModel::begin(const at::Tensor& timesteps,
                                                        const Conditioning& conditioning,
                                                        const SampleShape& shape,
                                                        const CallOptions& options) const {
  check_call(shape, options);
  check_shape("timesteps", timesteps, {-1}, "[batch]", kThis);
  const at::Tensor labels = class_labels(conditioning);
  check_batches(kClassLabels, labels.size(0), timesteps.size(0));
  auto state = std::make_unique<DiTStep>();
  for (const DiTEmbedder& embedder : embedders_.distinct()) {
    state->embs.push_back(embedder(timesteps.to(info_.device), labels));
  }
  state->side = shape.axes[0] / config_.patch_size;
  state->positions = state->side == base_side_ ? positions_ : positions(state->side);
  return state;
}

Value DiTTransformer2DModel::run(int layer, std::span<const LayerInput> inputs,
                                 const StepState& state, std::unique_ptr<LayerMemo>*) const {
  const auto index = static_cast<std::size_t>(layer);
  const auto make = [&](Weights& weights) { return make_dit_layer(weights, config_, index); };
  const DiTModule& module = unread_ ? unread_->read(index, make) : layers_.at(index);
  const auto& step = static_cast<const DiTStep&>(state);
  // The head takes the embedding of the first block, as in diffusers.
  const std::size_t embedder = is_block(index) ? embedders_.of_block(index - 1) : 0;
  const DiTLayerInput input{.x = inputs[0].value.front(),
                            .emb = step.embs[embedder],
                            .positions = step.positions,
                            .side = step.side};
  return std::visit([&](const auto& own) { return own(input); }, module);
}

std::vector<LayerCost> DiTTransformer2DModel::costs(const SampleShape& shape,
                                                    const CallOptions& options) const {
  check_call(shape, options);
  const std::int64_t side = shape.axes[0] / config_.patch_size, tokens = side * side;
  // As diffusers runs them: an embedder in each block, and that of the first again in the head.
  const std::int64_t embedder = embedders_.distinct().front().multiply_adds();
  std::vector<LayerCost> costs;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    LayerCost cost;
    cost.all = std::visit(
        [&](const auto& layer) { return layer.multiply_adds(shape.batch, tokens); }, layers_[i]);
    if (i == 0) cost.unconditioned = cost.all;
    if (i > 0) cost.all += shape.batch * embedder;
    cost.output_size = i + 1 < layers_.size()
                           ? shape.batch * tokens * config_.inner_dim()
                           : shape.batch * config_.out_channels * shape.axes[0] * shape.axes[1];
    costs.push_back(cost);
  }
  return costs;
}

}  // namespace

std::int64_t usual_split(std::int64_t num_layers) {
  constexpr double kEncoderShare = 18.0 / 28.0;
  return std::max<std::int64_t>(std::llround(static_cast<double>(num_layers) * kEncoderShare), 1);
}

std::unique_ptr<Denoiser> make_dit(const nlohmann::json& config, Weights& weights,
                                   std::unique_ptr<Weights> unread,
                                   const std::filesystem::path& place,
                                   std::optional<std::int64_t> split) {
  const DiTConfig dit = read_dit_config(config, place);
  const std::int64_t of_encoder = split.value_or(usual_split(dit.num_layers));
  if (of_encoder < 1 || of_encoder > dit.num_layers) {
    throw usage_error({place.string()}, "a split behind block " + std::to_string(of_encoder) +
                                            ": there are blocks 1 to " +
                                            std::to_string(dit.num_layers));
  }
  if (unread == nullptr) return std::make_unique<DiTTransformer2DModel>(dit, of_encoder, weights);
  return std::make_unique<DiTTransformer2DModel>(dit, of_encoder, weights, std::move(unread));
}

}  // namespace fdbench
