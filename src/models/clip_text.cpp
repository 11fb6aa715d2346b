#include "models/clip_text.h"

#include <string>
#include <vector>

#include "core/error.h"
#include "models/clip_layers.h"
#include "models/config_reader.h"

namespace fdbench {
namespace {

/// CLIP's first configs say so in `eos_token_id` where the vocabulary's last token is meant.
constexpr std::int64_t kHistoricalEnd = 2;

/// Names and defaults as in transformers' CLIPTextConfig.
struct ClipTextConfig {
  std::int64_t vocab_size = 49408, max_position_embeddings = 77;
  std::int64_t hidden_size = 512, intermediate_size = 2048;
  std::int64_t num_hidden_layers = 12, num_attention_heads = 8;
  Activation hidden_act = Activation::kQuickGelu;
  double layer_norm_eps = 1e-5;
  std::int64_t projection_dim = 512, eos_token_id = 49407;
};

/// A token id, which may be 0.
std::int64_t token_id(ConfigReader& reader, const std::string& key, std::int64_t fallback) {
  const nlohmann::json* found = reader.value(key);
  if (found == nullptr || found->is_null()) return fallback;
  if (found->is_number_integer()) return found->get<std::int64_t>();
  throw reader.error(key, "must be a whole number, not " + found->dump());
}

/// transformers' configs hold many keys that do not concern the computation, so surplus keys are
/// left alone.
ClipTextConfig read_clip_text_config(const nlohmann::json& json,
                                     const std::filesystem::path& place) {
  ConfigReader reader(json, place, "CLIPTextModel");
  ClipTextConfig config;
  config.vocab_size = reader.positive("vocab_size", config.vocab_size);
  config.max_position_embeddings =
      reader.positive("max_position_embeddings", config.max_position_embeddings);
  config.hidden_size = reader.positive("hidden_size", config.hidden_size);
  config.intermediate_size = reader.positive("intermediate_size", config.intermediate_size);
  config.num_hidden_layers = reader.positive("num_hidden_layers", config.num_hidden_layers);
  config.num_attention_heads = reader.positive("num_attention_heads", config.num_attention_heads);
  config.hidden_act = reader.activation("hidden_act", "quick_gelu");
  config.layer_norm_eps = reader.number("layer_norm_eps", config.layer_norm_eps);
  config.projection_dim =
      reader.optional_positive("projection_dim").value_or(config.projection_dim);
  config.eos_token_id = token_id(reader, "eos_token_id", config.eos_token_id);
  const std::string type = reader.text("model_type", "clip_text_model");
  if (type != "clip_text_model") throw reader.unsupported("model_type", "'clip_text_model'");
  if (config.hidden_size % config.num_attention_heads != 0) {
    throw reader.error("num_attention_heads",
                       "must divide hidden_size " + std::to_string(config.hidden_size));
  }
  return config;
}

ClipLayerOptions layer_options(const ClipTextConfig& config) {
  return {.hidden_size = config.hidden_size,
          .intermediate_size = config.intermediate_size,
          .num_attention_heads = config.num_attention_heads,
          .layer_norm_eps = config.layer_norm_eps,
          .hidden_act = config.hidden_act,
          .causal = true};
}

}  // namespace

struct CLIPTextModel::Impl {
  ClipTextConfig config;
  at::Tensor token_embedding, position_embedding;
  std::vector<ClipEncoderLayer> layers;
  LayerNorm final_layer_norm;
  /// [p, d], undefined where the weights have none.
  at::Tensor text_projection;

  Impl(ClipTextConfig read, Weights& weights) : config(read) {
    const bool prefixed = weights.contains("text_model.final_layer_norm.weight");
    const WeightScope scope(weights, prefixed ? "text_model" : "");
    const WeightScope embeddings = scope / "embeddings";
    token_embedding =
        embeddings.take("token_embedding.weight", {config.vocab_size, config.hidden_size});
    position_embedding = embeddings.take("position_embedding.weight",
                                         {config.max_position_embeddings, config.hidden_size});
    if (embeddings.contains("position_ids")) {  // a buffer 0, 1, 2, ... that older files hold
      embeddings.take("position_ids", {1, config.max_position_embeddings});
    }
    for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
      layers.emplace_back(scope / "encoder.layers" / i, layer_options(config));
    }
    final_layer_norm =
        LayerNorm(scope / "final_layer_norm", config.hidden_size, config.layer_norm_eps);
    if (weights.contains("text_projection.weight")) {
      text_projection =
          weights.take("text_projection.weight", {config.projection_dim, config.hidden_size});
    }
    weights.finish();
  }

  at::Tensor embedded(const at::Tensor& input_ids) const {
    check_ids(input_ids);
    const at::Tensor ids = input_ids.to(token_embedding.device());
    return at::embedding(token_embedding, ids) + position_embedding.slice(0, 0, ids.size(1));
  }

  /// The states after layers first .. end - 1.
  at::Tensor through(at::Tensor h, std::size_t first, std::size_t end) const {
    for (std::size_t i = first; i < end; ++i) h = layers[i](h);
    return h;
  }

  /// Number of layers without the last `skipped` ones.
  std::size_t layers_without(std::int64_t skipped) const {
    const auto count = static_cast<std::int64_t>(layers.size());
    if (skipped >= 0 && skipped <= count) return static_cast<std::size_t>(count - skipped);
    throw usage_error("there are " + std::to_string(count) + " layers, of which " +
                      std::to_string(skipped) + " cannot be skipped");
  }

  /// The states at each text's end. last: [n, l, d] -> [n, d].
  at::Tensor at_end(const at::Tensor& last, const at::Tensor& input_ids) const {
    const at::Tensor ids = input_ids.to(last.device());
    const at::Tensor position = config.eos_token_id == kHistoricalEnd
                                    ? ids.argmax(1)
                                    : ids.eq(config.eos_token_id).to(at::kInt).argmax(1);
    return last.index({at::arange(last.size(0), position.options()), position});
  }

  void check_ids(const at::Tensor& ids) const {
    if (ids.dim() != 2 || ids.scalar_type() != at::kLong) {
      throw usage_error("the text encoder needs input_ids [n, l] of int64");
    }
    if (ids.size(1) > config.max_position_embeddings) {
      throw usage_error("the text encoder takes " + std::to_string(config.max_position_embeddings) +
                        " tokens at most, not " + std::to_string(ids.size(1)));
    }
    if (ids.numel() == 0) return;
    const auto lowest = ids.min().item<std::int64_t>(), highest = ids.max().item<std::int64_t>();
    if (lowest >= 0 && highest < config.vocab_size) return;
    throw usage_error("token id " + std::to_string(lowest < 0 ? lowest : highest) +
                      " is outside the text encoder's vocabulary of " +
                      std::to_string(config.vocab_size));
  }
};

CLIPTextModel::CLIPTextModel(const nlohmann::json& config, Weights& weights,
                             const std::filesystem::path& place)
    : impl_(std::make_unique<Impl>(read_clip_text_config(config, place), weights)) {}

CLIPTextModel::~CLIPTextModel() = default;
CLIPTextModel::CLIPTextModel(CLIPTextModel&&) noexcept = default;

at::Tensor CLIPTextModel::last_hidden_state(const at::Tensor& input_ids,
                                            std::int64_t clip_skip) const {
  const std::size_t end = impl_->layers_without(clip_skip);
  return impl_->final_layer_norm(impl_->through(impl_->embedded(input_ids), 0, end));
}

ClipTextStates CLIPTextModel::encode(const at::Tensor& input_ids, std::int64_t clip_skip) const {
  const std::size_t end = impl_->layers_without(clip_skip + 1), all = impl_->layers.size();
  ClipTextStates states{impl_->through(impl_->embedded(input_ids), 0, end), {}};
  if (!impl_->text_projection.defined()) return states;
  const at::Tensor last =
      impl_->final_layer_norm(impl_->through(states.penultimate_hidden_state, end, all));
  states.text_embeds = at::linear(impl_->at_end(last, input_ids), impl_->text_projection);
  return states;
}

std::int64_t CLIPTextModel::max_position_embeddings() const {
  return impl_->config.max_position_embeddings;
}

std::int64_t CLIPTextModel::hidden_size() const { return impl_->config.hidden_size; }

std::int64_t CLIPTextModel::projection_dim() const {
  return impl_->text_projection.defined() ? impl_->config.projection_dim : 0;
}

at::TensorOptions CLIPTextModel::options() const { return impl_->token_embedding.options(); }

}  // namespace fdbench
