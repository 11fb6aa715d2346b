#include "models/clip_vision.h"

#include <string>
#include <vector>

#include "core/error.h"
#include "models/clip_layers.h"
#include "models/config_reader.h"

namespace fdbench {
namespace {

constexpr std::int64_t kColours = 3;

/// Names and defaults as in transformers' CLIPVisionConfig.
struct ClipVisionConfig {
  std::int64_t image_size = 224, patch_size = 32, num_hidden_layers = 12, projection_dim = 512;
  ClipLayerOptions layer{.hidden_size = 768, .intermediate_size = 3072, .num_attention_heads = 12};
};

ClipVisionConfig read_config(const nlohmann::json& json, const std::filesystem::path& place) {
  ConfigReader reader(json, place, "CLIPVisionModel");
  ClipVisionConfig config;
  ClipLayerOptions& layer = config.layer;
  config.image_size = reader.positive("image_size", config.image_size);
  config.patch_size = reader.positive("patch_size", config.patch_size);
  config.num_hidden_layers = reader.positive("num_hidden_layers", config.num_hidden_layers);
  config.projection_dim =
      reader.optional_positive("projection_dim").value_or(config.projection_dim);
  layer.hidden_size = reader.positive("hidden_size", layer.hidden_size);
  layer.intermediate_size = reader.positive("intermediate_size", layer.intermediate_size);
  layer.num_attention_heads = reader.positive("num_attention_heads", layer.num_attention_heads);
  layer.hidden_act = reader.activation("hidden_act", "quick_gelu");
  layer.layer_norm_eps = reader.number("layer_norm_eps", layer.layer_norm_eps);
  if (reader.positive("num_channels", kColours) != kColours) {
    throw reader.unsupported("num_channels", "3");
  }
  if (layer.hidden_size % layer.num_attention_heads != 0) {
    throw reader.error("num_attention_heads",
                       "must divide hidden_size " + std::to_string(layer.hidden_size));
  }
  if (config.image_size % config.patch_size != 0) {
    throw reader.error("patch_size", "must divide image_size " + std::to_string(config.image_size));
  }
  return config;
}

}  // namespace

struct CLIPVisionModel::Impl {
  ClipVisionConfig config;
  at::Tensor class_embedding, patch_embedding, position_embedding;
  /// The first as transformers spells it.
  LayerNorm pre_layrnorm, post_layernorm;
  std::vector<ClipEncoderLayer> layers;
  at::Tensor visual_projection;

  Impl(ClipVisionConfig read, Weights& weights) : config(read) {
    const WeightScope scope(weights, "vision_model"), embeddings = scope / "embeddings";
    const std::int64_t d = config.layer.hidden_size, side = config.image_size / config.patch_size;
    class_embedding = embeddings.take("class_embedding", {d});
    patch_embedding = embeddings.take("patch_embedding.weight",
                                      {d, kColours, config.patch_size, config.patch_size});
    position_embedding = embeddings.take("position_embedding.weight", {side * side + 1, d});
    if (embeddings.contains("position_ids")) {  // a buffer 0, 1, 2, ... that older files hold
      embeddings.take("position_ids", {1, side * side + 1});
    }
    pre_layrnorm = LayerNorm(scope / "pre_layrnorm", d, config.layer.layer_norm_eps);
    for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
      layers.emplace_back(scope / "encoder.layers" / i, config.layer);
    }
    post_layernorm = LayerNorm(scope / "post_layernorm", d, config.layer.layer_norm_eps);
    visual_projection = weights.take("visual_projection.weight", {config.projection_dim, d});
    weights.finish();
  }

  /// Tokens before the first layer: [n, 1 + patches, hidden_size].
  at::Tensor embedded(const at::Tensor& pixel_values) const {
    const std::int64_t side = config.image_size;
    if (pixel_values.dim() != 4 || pixel_values.size(1) != kColours ||
        pixel_values.size(2) != side || pixel_values.size(3) != side) {
      throw usage_error("the vision tower needs pixel_values [n, 3, " + std::to_string(side) +
                        ", " + std::to_string(side) + "], not " + c10::str(pixel_values.sizes()));
    }
    const at::Tensor x = pixel_values.to(patch_embedding.options());
    const at::Tensor patches =
        at::conv2d(x, patch_embedding, {}, config.patch_size).flatten(2).transpose(1, 2);
    const at::Tensor first = class_embedding.expand({x.size(0), 1, -1});
    return pre_layrnorm(at::cat({first, patches}, 1) + position_embedding);
  }
};

CLIPVisionModel::CLIPVisionModel(const nlohmann::json& config, Weights& weights,
                                 const std::filesystem::path& place)
    : impl_(std::make_unique<Impl>(read_config(config, place), weights)) {}

CLIPVisionModel::~CLIPVisionModel() = default;
CLIPVisionModel::CLIPVisionModel(CLIPVisionModel&&) noexcept = default;

at::Tensor CLIPVisionModel::image_embeds(const at::Tensor& pixel_values) const {
  const Impl& m = *impl_;
  at::Tensor h = m.embedded(pixel_values);
  for (const ClipEncoderLayer& layer : m.layers) h = layer(h);
  return at::linear(m.post_layernorm(h.select(1, 0)), m.visual_projection);
}

std::vector<at::Tensor> CLIPVisionModel::patch_states(const at::Tensor& pixel_values) const {
  at::Tensor h = impl_->embedded(pixel_values);
  std::vector<at::Tensor> states;
  for (const ClipEncoderLayer& layer : impl_->layers) {
    h = layer(h);
    states.push_back(h.slice(1, 1));
  }
  return states;
}

std::int64_t CLIPVisionModel::image_size() const { return impl_->config.image_size; }

std::int64_t CLIPVisionModel::projection_dim() const { return impl_->config.projection_dim; }

}  // namespace fdbench
