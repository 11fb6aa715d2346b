#include "models/unet_2d_condition.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/error.h"
#include "kernels/batch.h"
#include "models/counting_weights.h"
#include "models/shape_checks.h"
#include "models/unet_layer_call.h"
#include "models/unet_layer_cost.h"
#include "models/unet_layers.h"
#include "models/unet_step.h"
#include "models/unread_layers.h"
#include "nn/embeddings.h"

namespace fdbench {
namespace {

// diffusers' names of the conditioning that this model reads.

/// [B, L, D].
constexpr const char* kText = "encoder_hidden_states";
/// [B, P], SDXL.
constexpr const char* kPooledText = "text_embeds";
/// [B, 6], SDXL.
constexpr const char* kTimeIds = "time_ids";
/// [B, time_cond_proj_dim], the embedded guidance scale of latent consistency models.
constexpr const char* kGuidance = "timestep_cond";

/// [B, C, H, W], 0 to 1, in pixels of the picture: of control networks.
constexpr const char* kControlPicture = "controlnet_cond";

/// Also a ControlNetModel, which is its encoder and bottleneck with other ends.
class UNet2DConditionModel : public Denoiser {
 public:
  UNet2DConditionModel(UNetConfig config, Weights& weights)
      : config_(std::move(config)),
        time_proj_{config_.down_blocks[0].channels, config_.flip_sin_to_cos, config_.freq_shift} {
    take_step_weights(weights);
    graph_ = make_unet_graph(config_, weights);
    weights.finish();
    describe();
  }
  UNet2DConditionModel(UNetConfig config, Weights& outline, std::unique_ptr<Weights> weights)
      : UNet2DConditionModel(std::move(config), outline) {
    unread_.emplace(std::move(weights), graph_.layers.size());
    take_step_weights(unread_->weights());
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
  /// Weights of what begins a step.
  void take_step_weights(Weights& weights);
  /// Fills `info_`.
  void describe();
  at::Tensor time_embedding(const at::Tensor& timesteps, const at::Tensor& guidance) const;
  at::Tensor addition_embedding(const at::Tensor& text_embeds, const at::Tensor& time_ids,
                                std::int64_t batch) const;
  std::int64_t side(std::int64_t side, std::int64_t level) const {
    return side_at_level(side, level, config_.downsample_padding);
  }
  void check_size(const SampleShape& shape) const;
  at::Tensor control_picture(const at::Tensor& picture, const SampleShape& shape,
                             std::int64_t batch) const;

  UNetConfig config_;
  Timesteps time_proj_, add_time_proj_;
  TimestepEmbedding time_embedding_, add_embedding_;
  std::int64_t num_step_parameters_ = 0;
  UNetGraph graph_;
  ModelInfo info_;
  mutable std::optional<UnreadLayers<UNetModule>> unread_;
};

void UNet2DConditionModel::describe() {
  info_.class_name = config_.control ? "ControlNetModel" : "UNet2DConditionModel";
  info_.layers = graph_.infos;
  info_.layer_parameters = graph_.num_parameters;
  info_.step_parameters = num_step_parameters_;
  info_.in_channels = config_.in_channels;
  info_.out_channels = config_.out_channels;
  info_.sample_axes = {config_.sample_height, config_.sample_width};
  info_.time_cond_proj_dim = config_.time_cond_proj_dim;
  info_.conditioning.clear();
  if (config_.cross_attention_dim > 0) {
    info_.conditioning.push_back({kText, {-1, config_.cross_attention_dim}});
  }
  if (config_.addition_time_embed_dim) {
    info_.conditioning.push_back({kPooledText, {-1}});
    info_.conditioning.push_back({kTimeIds, {-1}});
  }
  if (config_.time_cond_proj_dim > 0) {
    info_.conditioning.push_back({kGuidance, {config_.time_cond_proj_dim}});
  }
  if (config_.control) {
    info_.conditioning.push_back(
        {kControlPicture, {config_.control->conditioning_channels, -1, -1}});
  }
  info_.dtype = time_embedding_.linear_1.weight.scalar_type();
  info_.device = time_embedding_.linear_1.weight.device();
}

void UNet2DConditionModel::take_step_weights(Weights& weights) {
  CountingWeights counting(weights);
  time_embedding_ =
      TimestepEmbedding(WeightScope(counting, "time_embedding"), time_proj_.num_channels,
                        config_.time_embedding_dim, config_.activation, config_.time_cond_proj_dim);
  if (config_.addition_time_embed_dim) {
    add_time_proj_ = {*config_.addition_time_embed_dim, config_.flip_sin_to_cos,
                      config_.freq_shift};
    add_embedding_ = TimestepEmbedding(WeightScope(counting, "add_embedding"),
                                       config_.projection_class_embeddings_input_dim,
                                       config_.time_embedding_dim, config_.activation);
  }
  num_step_parameters_ = counting.count();
}

void UNet2DConditionModel::check_size(const SampleShape& shape) const {
  if (shape.axes.size() != 2) {
    throw usage_error("this UNet works on latents of height and width, not of " +
                      std::to_string(shape.axes.size()) + " axes");
  }
  const std::int64_t height = shape.axes[0], width = shape.axes[1];
  const auto deepest = static_cast<std::int64_t>(config_.down_blocks.size()) - 1;
  if (side(height, deepest) > 0 && side(width, deepest) > 0) return;
  throw usage_error("a latent of " + std::to_string(height) + "x" + std::to_string(width) +
                    " is too small: nothing is left after " + std::to_string(deepest) +
                    " halvings");
}

/// Of the timesteps [n] and, where there is one, of the embedded guidance scale -> [m, E].
at::Tensor UNet2DConditionModel::time_embedding(const at::Tensor& timesteps,
                                                const at::Tensor& condition) const {
  at::Tensor times = time_proj_(timesteps.to(info_.device)).to(info_.dtype);
  if (!condition.defined()) return time_embedding_(times);
  const std::int64_t width = config_.time_cond_proj_dim;
  if (width == 0) {
    throw usage_error("timestep_cond is given, but this UNet takes none ('time_cond_proj_dim')");
  }
  check_shape("timestep_cond", condition, {-1, width},
              shape_words({"batch", std::to_string(width)}));
  check_batches("timestep_cond", condition.size(0), times.size(0));
  const std::int64_t batch = std::max(condition.size(0), times.size(0));
  return time_embedding_(repeat_batch(times, batch),
                         repeat_batch(condition.to(info_.device, info_.dtype), batch));
}

at::Tensor UNet2DConditionModel::addition_embedding(const at::Tensor& text_embeds,
                                                    const at::Tensor& time_ids,
                                                    std::int64_t batch) const {
  check_shape("text_embeds", text_embeds, {-1, -1}, "[batch, pooled text]");
  check_shape("time_ids", time_ids, {-1, -1}, "[batch, ids]");
  check_batches("time_ids", time_ids.size(0), batch);
  const at::Tensor text = text_embeds.to(info_.device);
  const at::Tensor ids = repeat_batch(time_ids.to(info_.device), batch);
  const at::Tensor times = add_time_proj_(ids.flatten()).view({batch, -1});
  const std::int64_t wanted = config_.projection_class_embeddings_input_dim;
  if (text.size(1) + times.size(1) != wanted) {
    throw usage_error("text_embeds (" + std::to_string(text.size(1)) + " wide) and time_ids (" +
                      std::to_string(ids.size(1)) + " ids of " +
                      std::to_string(add_time_proj_.num_channels) + ") make " +
                      std::to_string(text.size(1) + times.size(1)) + " values; this UNet needs " +
                      std::to_string(wanted));
  }
  return add_embedding_(at::cat({text.to(at::kFloat), times}, 1).to(info_.dtype));
}

/// The control picture, checked.
at::Tensor UNet2DConditionModel::control_picture(const at::Tensor& picture,
                                                 const SampleShape& shape,
                                                 std::int64_t batch) const {
  const auto& in = std::get<ControlIn>(graph_.layers.front().module);
  const std::int64_t factor = in.embedding.factor();
  const std::int64_t height = factor * shape.axes[0], width = factor * shape.axes[1];
  const std::int64_t channels = config_.control->conditioning_channels;
  check_shape(kControlPicture, picture, {-1, channels, height, width},
              shape_words({"batch", std::to_string(channels), std::to_string(height),
                           std::to_string(width)}));
  check_batches(kControlPicture, picture.size(0), batch);
  return picture.to(info_.device, info_.dtype);
}

std::unique_ptr<StepState> UNet2DConditionModel::begin(const at::Tensor& timesteps,
                                                       const Conditioning& conditioning,
                                                       const SampleShape& shape,
                                                       const CallOptions& options) const {
  check_size(shape);
  check_shape("timesteps", timesteps, {-1}, "[batch]");
  if (conditioning.has("class_labels")) {
    throw usage_error("class_labels is given, but this UNet takes none");
  }
  const std::int64_t text_width = config_.cross_attention_dim;
  const at::Tensor text = conditioning.get(kText), pooled = conditioning.get(kPooledText),
                   guidance = conditioning.get(kGuidance);
  std::int64_t batch = timesteps.size(0);
  if (text_width > 0) {
    const std::string wanted = shape_words(
        {batch > 1 ? std::to_string(batch) : "batch", "tokens", std::to_string(text_width)});
    check_shape("encoder_hidden_states", text, {-1, -1, text_width}, wanted);
    check_batches("encoder_hidden_states", text.size(0), batch);
    batch = std::max(batch, text.size(0));
  }
  at::Tensor emb = time_embedding(timesteps, guidance);
  check_batches("timestep_cond", emb.size(0), batch);
  batch = std::max(batch, emb.size(0));
  if (config_.addition_time_embed_dim) {
    emb = repeat_batch(emb, batch);
    const std::int64_t added = pooled.defined() ? pooled.size(0) : batch;
    check_batches("text_embeds", added, batch);
    const at::Tensor time_ids = conditioning.get(kTimeIds);
    emb = emb + repeat_batch(addition_embedding(pooled, time_ids, added), batch);
  }
  auto state = std::make_unique<UNetStep>();
  state->emb = activate_in_place(emb, config_.activation);
  state->depends_on_time_alone =
      !config_.addition_time_embed_dim && (!guidance.defined() || guidance.size(0) == 1);
  if (text_width > 0) state->encoder_hidden_states = text.to(info_.device, info_.dtype);
  if (config_.control) {
    state->controlnet_cond = control_picture(conditioning.get(kControlPicture), shape, batch);
  }
  state->height = shape.axes[0];
  state->width = shape.axes[1];
  state->options = options;
  return state;
}

Value UNet2DConditionModel::run(int layer, std::span<const LayerInput> inputs,
                                const StepState& state, std::unique_ptr<LayerMemo>* memo) const {
  const UNetLayer& unet_layer = graph_.layers.at(layer);
  const UNetModule& module =
      unread_ ? unread_->read(static_cast<std::size_t>(layer), unet_layer.make) : unet_layer.module;
  const auto& step = static_cast<const UNetStep&>(state);
  const UNetLayerCall call{.info = info_,
                           .index = layer,
                           .inputs = inputs,
                           .step = step,
                           .height = side(step.height, unet_layer.level),
                           .width = side(step.width, unet_layer.level),
                           .memo = memo};
  return std::visit(call, module);
}

std::vector<LayerCost> UNet2DConditionModel::costs(const SampleShape& shape,
                                                   const CallOptions& options) const {
  check_size(shape);
  std::vector<LayerCost> costs;
  for (std::size_t i = 0; i < graph_.layers.size(); ++i) {
    const UNetLayer& layer = graph_.layers[i];
    const UNetLayerCost cost{.shape = shape,
                             .tome = options.tome.options,
                             .height = side(shape.axes[0], layer.level),
                             .width = side(shape.axes[1], layer.level),
                             .reads_conditioning = !graph_.infos[i].reads.empty()};
    costs.push_back(std::visit(cost, layer.module));
    costs.back().output_size = shape.batch * cost.height * cost.width * layer.channels;
  }
  return costs;
}

}  // namespace

std::unique_ptr<Denoiser> make_unet_2d_condition(const nlohmann::json& config, Weights& weights,
                                                 std::unique_ptr<Weights> unread,
                                                 const std::filesystem::path& place) {
  UNetConfig unet = read_unet_config(config, place);
  if (unread == nullptr) return std::make_unique<UNet2DConditionModel>(std::move(unet), weights);
  return std::make_unique<UNet2DConditionModel>(std::move(unet), weights, std::move(unread));
}

std::unique_ptr<Denoiser> make_controlnet(const nlohmann::json& config, Weights& weights,
                                          std::unique_ptr<Weights> unread,
                                          const std::filesystem::path& place) {
  UNetConfig control = read_controlnet_config(config, place);
  if (unread == nullptr) return std::make_unique<UNet2DConditionModel>(std::move(control), weights);
  return std::make_unique<UNet2DConditionModel>(std::move(control), weights, std::move(unread));
}

}  // namespace fdbench
