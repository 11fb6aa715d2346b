#include "tasks/prompt_encoder.h"

#include <xxhash.h>

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/random.h"
#include "models/clip_text.h"
#include "tasks/folder_task.h"
#include "text/clip_tokenizer.h"

namespace fdbench {
namespace {

/// Original size, crop corner, target size.
constexpr std::int64_t kNumTimeIds = 6;
constexpr std::int64_t kClipTokens = 77;
/// transformers' default
constexpr std::int64_t kClipLayers = 12;

/// By the config of a text encoder; 0 where there is none.
std::int64_t num_layers_of(const ModelFolder& folder, const std::string& encoder) {
  if (!folder.has(encoder)) return 0;
  const nlohmann::json config = folder.config(encoder);
  const auto found = config.is_object() ? config.find("num_hidden_layers") : config.end();
  const bool is_named = config.is_object() && found != config.end() && found->is_number_integer();
  return is_named ? found->get<std::int64_t>() : kClipLayers;
}

/// A text encoder with the tokenizer that belongs to it.
class ClipText {
 public:
  ClipText(const ModelFolder& folder, const std::string& encoder, const std::string& tokenizer,
           at::ScalarType dtype, at::Device device)
      : tokenizer_(folder.part_path(tokenizer), folder.learned_tokens(encoder)),
        encoder_(folder.config(encoder), *folder.weights(encoder, dtype, device),
                 folder.config_path(encoder)),
        device_(device) {}

  const CLIPTextModel& encoder() const { return encoder_; }
  std::int64_t length() const {
    return std::min(tokenizer_.model_max_length(), encoder_.max_position_embeddings());
  }

  /// -> [n, length] int64.
  at::Tensor input_ids(const std::vector<std::string>& prompts, std::int64_t length) const {
    std::vector<std::int64_t> ids;
    for (const std::string& prompt : prompts) {
      const std::vector<std::int64_t> tokens =
          tokenizer_.encode(tokenizer_.with_all_vectors(prompt), length);
      ids.insert(ids.end(), tokens.begin(), tokens.end());
    }
    return at::tensor(ids, at::kLong)
        .view({static_cast<std::int64_t>(prompts.size()), length})
        .to(device_);
  }

 private:
  CLIPTokenizer tokenizer_;
  CLIPTextModel encoder_;
  at::Device device_;
};

class OneEncoder : public PromptEncoder {
 public:
  explicit OneEncoder(ClipText text) : text_(std::move(text)) {}

  TextStates encode(const std::vector<std::string>& prompts,
                    std::int64_t clip_skip) const override {
    const at::Tensor ids = text_.input_ids(prompts, text_.length());
    return {text_.encoder().last_hidden_state(ids, clip_skip), {}};
  }

 private:
  ClipText text_;
};

class TwoEncoders : public PromptEncoder {
 public:
  TwoEncoders(ClipText first, ClipText second, bool zeros)
      : texts_{std::move(first), std::move(second)}, zeros_(zeros) {}

  TextStates encode(const std::vector<std::string>& prompts,
                    std::int64_t clip_skip) const override {
    const std::int64_t length = std::min(texts_[0].length(), texts_[1].length());
    const auto encode_by = [&](const ClipText& text) {
      return text.encoder().encode(text.input_ids(prompts, length), clip_skip);
    };
    const ClipTextStates first = encode_by(texts_[0]), second = encode_by(texts_[1]);
    return {at::cat({first.penultimate_hidden_state, second.penultimate_hidden_state}, -1),
            second.text_embeds};
  }

  TextStates encode_nothing(std::int64_t n) const override {
    if (!zeros_) return PromptEncoder::encode_nothing(n);
    const CLIPTextModel &first = texts_[0].encoder(), &second = texts_[1].encoder();
    const std::int64_t length = std::min(texts_[0].length(), texts_[1].length());
    return {at::zeros({n, length, first.hidden_size() + second.hidden_size()}, second.options()),
            at::zeros({n, second.projection_dim()}, second.options())};
  }

 private:
  std::array<ClipText, 2> texts_;
  bool zeros_;
};

class RandomStates : public PromptEncoder {
 public:
  RandomStates(std::int64_t length, std::int64_t width, std::int64_t pooled_width,
               at::TensorOptions options)
      : length_(length), width_(width), pooled_width_(pooled_width), options_(options) {}

  TextStates encode(const std::vector<std::string>& prompts,
                    std::int64_t /*clip_skip*/) const override {
    std::vector<at::Tensor> states, pooled;
    for (const std::string& prompt : prompts) {
      at::Generator generator = picture_generator(XXH3_64bits(prompt.data(), prompt.size()), 0);
      states.push_back(draw_noise(generator, {length_, width_}));
      if (pooled_width_ > 0) pooled.push_back(draw_noise(generator, {pooled_width_}));
    }
    return {at::cat(states).to(options_), pooled.empty() ? at::Tensor() : joined(pooled)};
  }

 private:
  at::Tensor joined(const std::vector<at::Tensor>& rows) const {
    return at::cat(rows).to(options_);
  }

  std::int64_t length_, width_, pooled_width_;
  at::TensorOptions options_;
};

Place unet_place(const ModelFolder& folder) { return {folder.config_path("unet").string()}; }

std::unique_ptr<PromptEncoder> random_states(const ModelFolder& folder, const UNetConfig& unet,
                                             at::TensorOptions options) {
  std::int64_t length = kClipTokens;
  if (folder.has("text_encoder")) {
    length = folder.config("text_encoder").value("max_position_embeddings", kClipTokens);
  }
  return std::make_unique<RandomStates>(length, unet.cross_attention_dim,
                                        pooled_text_width(unet, unet_place(folder)), options);
}

/// A tokenizer without an encoder or an encoder without a tokenizer reads no prompts.
bool has_pair(const ModelFolder& folder, const std::string& number) {
  return folder.has("text_encoder" + number) && folder.has("tokenizer" + number);
}

void check_width(const ModelFolder& folder, const std::string& key, std::int64_t wanted,
                 std::int64_t made) {
  if (wanted == made) return;
  throw usage_error(unet_place(folder),
                    "'" + key + "': the UNet takes text of width " + std::to_string(wanted) +
                        ", the folder's text encoders make " + std::to_string(made));
}

/// StableDiffusionPipeline then hides the padding from the text encoder.
void refuse_attention_mask(const ModelFolder& folder) {
  const nlohmann::json config = folder.config("text_encoder");
  if (!config.is_object() || config.value("use_attention_mask", nlohmann::json(false)) != true) {
    return;
  }
  throw usage_error({folder.config_path("text_encoder").string()},
                    "'use_attention_mask': true is not supported; fdbench supports false");
}

std::unique_ptr<PromptEncoder> two_encoders(const ModelFolder& folder, const UNetConfig& unet,
                                            at::ScalarType dtype, at::Device device) {
  if (!has_pair(folder, "") || !has_pair(folder, "_2")) {
    throw usage_error({folder.path().string()},
                      "of text_encoder/, tokenizer/, text_encoder_2/ and tokenizer_2/ not all are "
                      "there; an SDXL base folder has them all (refiners are not supported)");
  }
  ClipText first(folder, "text_encoder", "tokenizer", dtype, device);
  ClipText second(folder, "text_encoder_2", "tokenizer_2", dtype, device);
  if (second.encoder().projection_dim() == 0) {
    throw usage_error({folder.part_path("text_encoder_2").string()},
                      "has no tensor 'text_projection.weight'; an SDXL folder holds a "
                      "CLIPTextModelWithProjection here");
  }
  check_width(folder, "cross_attention_dim", unet.cross_attention_dim,
              first.encoder().hidden_size() + second.encoder().hidden_size());
  check_width(folder, "projection_class_embeddings_input_dim",
              pooled_text_width(unet, unet_place(folder)), second.encoder().projection_dim());
  return std::make_unique<TwoEncoders>(std::move(first), std::move(second),
                                       zeros_for_empty_prompt(folder));
}

}  // namespace

TextStates PromptEncoder::encode_nothing(std::int64_t n) const {
  return encode(std::vector<std::string>(static_cast<std::size_t>(n), ""));
}

std::unique_ptr<PromptEncoder> make_prompt_encoder(const ModelFolder& folder, at::ScalarType dtype,
                                                   at::Device device) {
  const UNetConfig unet = read_unet_config(folder.config("unet"), folder.config_path("unet"));
  if (folder.synthetic()) {
    return random_states(folder, unet, at::TensorOptions().dtype(dtype).device(device));
  }
  if (folder.has("text_encoder_2")) return two_encoders(folder, unet, dtype, device);
  if (!has_pair(folder, "")) return nullptr;
  refuse_attention_mask(folder);
  ClipText text(folder, "text_encoder", "tokenizer", dtype, device);
  check_width(folder, "cross_attention_dim", unet.cross_attention_dim,
              text.encoder().hidden_size());
  return std::make_unique<OneEncoder>(std::move(text));
}

void check_clip_skip(const ModelFolder& folder, std::int64_t clip_skip) {
  if (clip_skip == 0) return;
  if (folder.synthetic()) {
    throw usage_error(
        "clip_skip has no meaning here: the text states of a model with random "
        "weights are random too");
  }
  const bool is_xl = folder.has("text_encoder_2");
  std::int64_t most = num_layers_of(folder, "text_encoder");
  if (is_xl) most = std::min(most, num_layers_of(folder, "text_encoder_2")) - 1;
  if (clip_skip > 0 && clip_skip <= most) return;
  throw usage_error("clip_skip " + std::to_string(clip_skip) + ": the text encoder has " +
                    std::to_string(most) + " layers that can be skipped" +
                    (is_xl ? " (of SDXL's smaller one, before its last)" : ""));
}

std::int64_t pooled_text_width(const UNetConfig& unet, const Place& place) {
  if (!unet.addition_time_embed_dim) return 0;
  const std::int64_t width =
      unet.projection_class_embeddings_input_dim - kNumTimeIds * *unet.addition_time_embed_dim;
  if (width > 0) return width;
  throw usage_error(place, "'projection_class_embeddings_input_dim': " +
                               std::to_string(unet.projection_class_embeddings_input_dim) +
                               " leaves no room for pooled text beside 6 time ids of " +
                               std::to_string(*unet.addition_time_embed_dim));
}

}  // namespace fdbench
