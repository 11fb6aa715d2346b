#include "pipelines/text_to_image.h"

#include <algorithm>

#include "core/error.h"
#include "models/unet_2d_condition.h"
#include "pipelines/synthetic_prompts.h"

namespace fdbench {
namespace {

/// A component with its weights; nullptr where the folder has none.
template <typename Model>
std::unique_ptr<Model> load_part(const ModelFolder& folder, const std::string& name,
                                 at::ScalarType dtype, at::Device device) {
  if (!folder.has(name)) return nullptr;
  const auto weights = folder.weights(name, dtype, device);
  return std::make_unique<Model>(folder.config(name), *weights, folder.config_path(name));
}

}  // namespace

TextToImagePipeline::TextToImagePipeline(const ModelFolder& folder, at::ScalarType dtype,
                                         at::Device device)
    : path_(folder.description()),
      dtype_(dtype),
      device_(device),
      vae_(load_part<AutoencoderKL>(folder, "vae", dtype, device)) {
  const auto weights = folder.weights("unet", dtype, device);
  unet_ = make_unet_2d_condition(folder.config("unet"), *weights, folder.config_path("unet"));
  if (folder.synthetic()) {
    synthetic_config_ = folder.config("unet");
    return;
  }
  if (std::filesystem::is_directory(folder.path() / "text_encoder_2")) {
    has_two_text_encoders_ = true;
    return;
  }
  text_encoder_ = load_part<CLIPTextModel>(folder, "text_encoder", dtype, device);
  if (folder.has("tokenizer")) {
    tokenizer_ = std::make_unique<CLIPTokenizer>(folder.part_path("tokenizer"));
  }
}

Conditioning TextToImagePipeline::encode_prompts(const std::vector<std::string>& prompts) const {
  if (synthetic_config_) return synthetic_prompts(prompts, *synthetic_config_);
  if (has_two_text_encoders_) {
    throw usage_error({path_},
                      "prompts for a model with two text encoders (SDXL) are not supported; give "
                      "prompt_embeds, text_embeds and time_ids with --inputs");
  }
  if (!has_text_encoder()) {
    throw usage_error({path_},
                      "has no text_encoder/ and tokenizer/, so it cannot read prompts; "
                      "give prompt_embeds with --inputs");
  }
  const std::int64_t length =
      std::min(tokenizer_->model_max_length(), text_encoder_->max_position_embeddings());
  std::vector<std::int64_t> ids;
  for (const std::string& prompt : prompts) {
    const std::vector<std::int64_t> tokens = tokenizer_->encode(prompt, length);
    ids.insert(ids.end(), tokens.begin(), tokens.end());
  }
  const at::Tensor input_ids =
      at::tensor(ids, at::kLong).view({static_cast<std::int64_t>(prompts.size()), length});
  return {text_encoder_->last_hidden_state(input_ids.to(device_)), {}, {}};
}

at::Tensor TextToImagePipeline::decode(const at::Tensor& latents) const {
  if (!has_vae()) throw usage_error({path_}, "has no vae/, so it cannot make pictures");
  std::vector<at::Tensor> pictures;  // one at a time: the decoder needs much memory
  for (const at::Tensor& latent : latents.to(device_, dtype_).split(1)) {
    pictures.push_back(to_pictures(vae_->decode(latent)));
  }
  return at::cat(pictures, 0);
}

nlohmann::json scheduler_config(const ModelFolder& folder) {
  nlohmann::json config = folder.config("scheduler");
  const std::filesystem::path index = folder.path() / "model_index.json";
  if (!config.is_object() || !std::filesystem::exists(index)) return config;
  const nlohmann::json parts = read_json(index);
  const auto name = parts.is_object() ? parts.find("_class_name") : parts.end();
  if (name == parts.end() || *name != "StableDiffusionPipeline") return config;
  config["steps_offset"] = 1;
  config["clip_sample"] = false;
  return config;
}

std::int64_t TextToImagePipeline::factor() const {
  constexpr std::int64_t kStableDiffusion = 8;
  return has_vae() ? vae_->factor() : kStableDiffusion;
}

}  // namespace fdbench
