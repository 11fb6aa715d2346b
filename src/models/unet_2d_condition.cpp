#include "models/unet_2d_condition.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/error.h"
#include "kernels/batch.h"
#include "models/counting_weights.h"
#include "models/shape_checks.h"
#include "models/unet_layers.h"
#include "nn/embeddings.h"

namespace fdbench {
namespace {

class UNet2DConditionModel : public Denoiser {
 public:
  UNet2DConditionModel(UNetConfig config, Weights& weights)
      : config_(std::move(config)),
        time_proj_{config_.down_blocks[0].channels, config_.flip_sin_to_cos, config_.freq_shift} {
    take_step_weights(weights);
    graph_ = make_unet_graph(config_, weights);
    weights.finish();
  }
  UNet2DConditionModel(UNetConfig config, Weights& outline, std::unique_ptr<Weights> weights)
      : UNet2DConditionModel(std::move(config), outline) {
    unread_.emplace(std::move(weights), graph_.layers.size());
    take_step_weights(unread_->weights());
  }

  std::span<const LayerInfo> layers() const override { return graph_.infos; }
  std::int64_t in_channels() const override { return config_.in_channels; }
  std::int64_t out_channels() const override { return config_.out_channels; }
  std::int64_t sample_size() const override { return config_.sample_height; }
  std::int64_t sample_width() const override { return config_.sample_width; }
  std::int64_t time_cond_proj_dim() const override { return config_.time_cond_proj_dim; }
  at::ScalarType dtype() const override { return time_embedding_.linear_1.weight.scalar_type(); }
  at::Device device() const override { return time_embedding_.linear_1.weight.device(); }
  std::int64_t num_parameters(int layer) const override {
    return layer < 0 ? num_step_parameters_ : graph_.num_parameters.at(layer);
  }

  StepContext begin_step(const at::Tensor& timesteps, const Conditioning& conditioning,
                         std::int64_t height, std::int64_t width) const override;
  at::Tensor run_layer(int layer, std::span<const LayerInput> inputs, const StepContext& context,
                       LayerScratch& scratch) const override;
  std::vector<LayerCost> costs(const SampleShape& shape) const override;

 private:
  /// Weights of what begins a step.
  void take_step_weights(Weights& weights);
  at::Tensor time_embedding(const at::Tensor& timesteps, const Conditioning& conditioning) const;
  at::Tensor addition_embedding(const Conditioning& conditioning, std::int64_t batch) const;
  std::int64_t side(std::int64_t side, std::int64_t level) const {
    return side_at_level(side, level, config_.downsample_padding);
  }
  void check_size(std::int64_t height, std::int64_t width) const;

  UNetConfig config_;
  Timesteps time_proj_, add_time_proj_;
  TimestepEmbedding time_embedding_, add_embedding_;
  std::int64_t num_step_parameters_ = 0;
  UNetGraph graph_;
  mutable std::optional<UnreadLayers> unread_;
};

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

void UNet2DConditionModel::check_size(std::int64_t height, std::int64_t width) const {
  const auto deepest = static_cast<std::int64_t>(config_.down_blocks.size()) - 1;
  if (side(height, deepest) > 0 && side(width, deepest) > 0) return;
  throw usage_error("a latent of " + std::to_string(height) + "x" + std::to_string(width) +
                    " is too small: nothing is left after " + std::to_string(deepest) +
                    " halvings");
}

/// Of the timesteps [n] and, where there is one, of the embedded guidance scale -> [m, E].
at::Tensor UNet2DConditionModel::time_embedding(const at::Tensor& timesteps,
                                                const Conditioning& conditioning) const {
  at::Tensor times = time_proj_(timesteps.to(device())).to(dtype());
  const at::Tensor& condition = conditioning.timestep_cond;
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
                         repeat_batch(condition.to(device(), dtype()), batch));
}

at::Tensor UNet2DConditionModel::addition_embedding(const Conditioning& conditioning,
                                                    std::int64_t batch) const {
  check_shape("text_embeds", conditioning.text_embeds, {-1, -1}, "[batch, pooled text]");
  check_shape("time_ids", conditioning.time_ids, {-1, -1}, "[batch, ids]");
  check_batches("time_ids", conditioning.time_ids.size(0), batch);
  const at::Tensor text = conditioning.text_embeds.to(device());
  const at::Tensor ids = repeat_batch(conditioning.time_ids.to(device()), batch);
  const at::Tensor times = add_time_proj_(ids.flatten()).view({batch, -1});
  const std::int64_t wanted = config_.projection_class_embeddings_input_dim;
  if (text.size(1) + times.size(1) != wanted) {
    throw usage_error("text_embeds (" + std::to_string(text.size(1)) + " wide) and time_ids (" +
                      std::to_string(ids.size(1)) + " ids of " +
                      std::to_string(add_time_proj_.num_channels) + ") make " +
                      std::to_string(text.size(1) + times.size(1)) + " values; this UNet needs " +
                      std::to_string(wanted));
  }
  return add_embedding_(at::cat({text.to(at::kFloat), times}, 1).to(dtype()));
}

StepContext UNet2DConditionModel::begin_step(const at::Tensor& timesteps,
                                             const Conditioning& conditioning, std::int64_t height,
                                             std::int64_t width) const {
  check_size(height, width);
  check_shape("timesteps", timesteps, {-1}, "[batch]");
  const std::int64_t text_width = config_.cross_attention_dim;
  std::int64_t batch = timesteps.size(0);
  if (text_width > 0) {
    const at::Tensor& text = conditioning.encoder_hidden_states;
    const std::string wanted = shape_words(
        {batch > 1 ? std::to_string(batch) : "batch", "tokens", std::to_string(text_width)});
    check_shape("encoder_hidden_states", text, {-1, -1, text_width}, wanted);
    check_batches("encoder_hidden_states", text.size(0), batch);
    batch = std::max(batch, text.size(0));
  }
  at::Tensor emb = time_embedding(timesteps, conditioning);
  check_batches("timestep_cond", emb.size(0), batch);
  batch = std::max(batch, emb.size(0));
  if (config_.addition_time_embed_dim) {
    emb = repeat_batch(emb, batch);
    const std::int64_t added =
        conditioning.text_embeds.defined() ? conditioning.text_embeds.size(0) : batch;
    check_batches("text_embeds", added, batch);
    emb = emb + repeat_batch(addition_embedding(conditioning, added), batch);
  }
  StepContext context;
  context.emb = activate_in_place(emb, config_.activation);
  if (text_width > 0) {
    context.encoder_hidden_states = conditioning.encoder_hidden_states.to(device(), dtype());
  }
  context.height = height;
  context.width = width;
  return context;
}

at::Tensor UNet2DConditionModel::run_layer(int layer, std::span<const LayerInput> inputs,
                                           const StepContext& context,
                                           LayerScratch& scratch) const {
  const UNetLayer& unet_layer = graph_.layers.at(layer);
  struct Visitor {
    const UNet2DConditionModel& unet;
    int index;
    const UNetLayer& layer;
    std::span<const LayerInput> inputs;
    const at::Tensor& x;
    const StepContext& context;
    LayerScratch& scratch;

    at::Tensor operator()(const ConvIn& in) const {
      const at::Tensor sample = x.to(unet.device(), unet.dtype());
      return in.conv(in.center_input_sample ? 2 * sample - 1.0 : sample);
    }
    at::Tensor operator()(const ResnetBlock2D& resnet) const {
      if (inputs.size() == 1) return resnet(x, context.emb);
      const LayerInput& skip = inputs[1];
      const bool known = skip.held && scratch.skip.defined();
      const SkipTerm term = known ? scratch.skip : resnet.skip_term(skip.values);
      scratch.skip = skip.kept ? term : SkipTerm();
      return resnet(x, skip.values, term, context.emb);
    }
    std::optional<MergedMap> merged_map() const {
      const auto grid =
          merge_grid(context.tome.options, context.height * context.width, x.size(2), x.size(3));
      if (!grid) return std::nullopt;
      return MergedMap{*grid, mixed_seeds(context.tome.seeds, index)};
    }
    at::Tensor operator()(const Transformer2DModel& transformer) const {
      const at::Tensor& states = context.encoder_hidden_states;
      if (!context.keep_text) return transformer(x, transformer.text_terms(states), merged_map());
      if (scratch.text.empty()) scratch.text = transformer.text_terms(states);
      return transformer(x, scratch.text, merged_map());
    }
    at::Tensor operator()(const Downsample2D& downsample) const { return downsample(x); }
    at::Tensor operator()(const Upsample2D& upsample) const {
      return upsample(x, unet.side(context.height, layer.level),
                      unet.side(context.width, layer.level));
    }
    at::Tensor operator()(const ConvOut& out) const {
      return out.conv(out.norm(x, out.activation)).contiguous();
    }
  };
  const UNetModule& module =
      unread_ ? unread_->read(static_cast<std::size_t>(layer), unet_layer) : unet_layer.module;
  return std::visit(Visitor{*this, layer, unet_layer, inputs, inputs[0].values, context, scratch},
                    module);
}

std::vector<LayerCost> UNet2DConditionModel::costs(const SampleShape& shape) const {
  struct Visitor {
    const SampleShape& shape;
    std::int64_t height, width;
    bool shares;  // all inputs and the time embedding are the same for both halves of a guidance
                  // batch

    std::int64_t pixels() const { return shape.batch * height * width; }
    LayerCost plain(std::int64_t all) const { return {all, shares ? all : 0, 0, 0}; }
    LayerCost operator()(const ConvIn& in) const { return plain(in.conv.multiply_adds(pixels())); }
    LayerCost operator()(const ResnetBlock2D& resnet) const {
      LayerCost cost = plain(resnet.multiply_adds(shape.batch, height, width));
      cost.skip = resnet.skip_multiply_adds(shape.batch, height, width);
      return cost;
    }
    LayerCost operator()(const Transformer2DModel& transformer) const {
      const auto grid = merge_grid(shape.tome, shape.height * shape.width, height, width);
      const BlockTokens tokens = grid ? BlockTokens(*grid) : BlockTokens(height * width);
      LayerCost cost{transformer.multiply_adds(shape.batch, tokens, shape.text_tokens), 0, 0, 0};
      if (shares) cost.shared = transformer.multiply_adds_before_text(shape.batch, tokens);
      cost.text = transformer.text_multiply_adds(shape.batch, shape.text_tokens);
      return cost;
    }
    LayerCost operator()(const Downsample2D& down) const {
      return plain(down.conv.multiply_adds(pixels()));
    }
    LayerCost operator()(const Upsample2D& up) const {
      return plain(up.conv.multiply_adds(pixels()));
    }
    LayerCost operator()(const ConvOut& out) const {
      return plain(out.conv.multiply_adds(pixels()));
    }
  };
  check_size(shape.height, shape.width);
  std::vector<LayerCost> costs;
  for (const UNetLayer& layer : graph_.layers) {
    const Visitor visitor{shape, side(shape.height, layer.level), side(shape.width, layer.level),
                          layer.shares_inputs};
    costs.push_back(std::visit(visitor, layer.module));
  }
  return costs;
}

}  // namespace

std::unique_ptr<Denoiser> make_unet_2d_condition(const nlohmann::json& config, Weights& weights,
                                                 const std::filesystem::path& place) {
  return std::make_unique<UNet2DConditionModel>(read_unet_config(config, place), weights);
}

std::unique_ptr<Denoiser> make_unread_unet_2d_condition(const nlohmann::json& config,
                                                        Weights& outline,
                                                        std::unique_ptr<Weights> weights,
                                                        const std::filesystem::path& place) {
  return std::make_unique<UNet2DConditionModel>(read_unet_config(config, place), outline,
                                                std::move(weights));
}

}  // namespace fdbench
