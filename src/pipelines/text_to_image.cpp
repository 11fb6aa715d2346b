#include "pipelines/text_to_image.h"

#include <utility>

#include "core/error.h"
#include "core/notes.h"
#include "io/pipeline_class.h"
#include "models/slowed_denoiser.h"
#include "models/unet_2d_condition.h"
#include "models/unet_config.h"

namespace fdbench {
namespace {

constexpr std::int64_t kStableDiffusionFactor = 8;

/// A component with its weights; nullptr where the folder has none.
template <typename Model>
std::unique_ptr<Model> load_part(const ModelFolder& folder, const std::string& name,
                                 at::ScalarType dtype, at::Device device) {
  if (!folder.has(name)) return nullptr;
  const auto weights = folder.weights(name, dtype, device);
  return std::make_unique<Model>(folder.config(name), *weights, folder.config_path(name));
}

/// Refuses the folders of pipelines that do something else than to draw from a text; of one that is
/// not known it says how it is used.
void check_pipeline(const ModelFolder& folder) {
  const std::string name = folder.pipeline_class();
  if (name.empty() || draws_from_text(name)) return;
  const Place place{(folder.path() / "model_index.json").string()};
  const std::string purpose = other_purpose(name);
  if (!purpose.empty()) {
    throw usage_error(place, "is of a " + name + ": " + purpose +
                                 "; fdbench draws pictures from text (StableDiffusionPipeline, "
                                 "StableDiffusionXLPipeline)");
  }
  say_warning(place,
              "is of a " + name + ": its parts are used as StableDiffusionPipeline uses them");
}

/// Refuses models that draw from more than noise and text.
void check_task(const ModelFolder& folder, const UNetConfig& unet) {
  const Place place{folder.config_path("unet").string()};
  const bool predicts_variances = unet.out_channels == 2 * unet.in_channels;
  if (unet.in_channels != unet.out_channels && !predicts_variances) {
    throw usage_error(place, "'in_channels': " + std::to_string(unet.in_channels) +
                                 " for latents of " + std::to_string(unet.out_channels) +
                                 " channels: models for inpainting, upscaling or editing are not "
                                 "supported, only for text to picture");
  }
  const std::filesystem::path index_path = folder.path() / "model_index.json";
  if (!std::filesystem::exists(index_path)) return;
  const nlohmann::json index = read_json(index_path);
  const auto aesthetics = index.find("requires_aesthetics_score");
  if (aesthetics != index.end() && *aesthetics == true) {
    throw usage_error({index_path.string()},
                      "'requires_aesthetics_score': this is the SDXL refiner, which goes on from "
                      "the base model's latents and is not supported; use the base folder");
  }
}

}  // namespace

TextToImagePipeline::TextToImagePipeline(const ModelFolder& folder, at::ScalarType dtype,
                                         at::Device device, Reading reading)
    : path_(folder.path().string()),
      synthetic_(folder.synthetic()),
      dtype_(dtype),
      device_(device) {
  check_pipeline(folder);
  const UNetConfig config = read_unet_config(folder.config("unet"), folder.config_path("unet"));
  check_task(folder, config);
  takes_time_ids_ = config.addition_time_embed_dim.has_value();
  const bool reads_now = reading == Reading::kAtOnce;
  const at::Device first_device = reads_now ? device : at::Device(at::kMeta);
  vae_ = load_part<AutoencoderKL>(folder, "vae", dtype, first_device);
  if (!reads_now && has_vae()) {
    read_vae_ = [=] { return load_part<AutoencoderKL>(folder, "vae", dtype, device); };
  }
  prompt_encoder_ = make_prompt_encoder(folder, dtype, device);
  const nlohmann::json unet_config = folder.config("unet");
  const std::filesystem::path place = folder.config_path("unet");
  const auto weights = folder.weights("unet", dtype, first_device);
  auto unet = reads_now ? make_unet_2d_condition(unet_config, *weights, place)
                        : make_unread_unet_2d_condition(
                              unet_config, *weights, folder.weights("unet", dtype, device), place);
  unet_ = slow_decoder(std::move(unet), slowed_decoder_share());
}

const PromptEncoder& TextToImagePipeline::prompt_encoder() const {
  if (prompt_encoder_ != nullptr) return *prompt_encoder_;
  throw usage_error({path_},
                    "has no text_encoder/ and tokenizer/, so it cannot read prompts; "
                    "give prompt_embeds with --inputs");
}

Conditioning TextToImagePipeline::encode_prompts(const std::vector<std::string>& prompts,
                                                 PictureSize size) const {
  return conditioning(prompt_encoder().encode(prompts), size);
}

Conditioning TextToImagePipeline::encode_no_prompt(std::int64_t n, PictureSize size) const {
  return conditioning(prompt_encoder().encode_nothing(n), size);
}

Conditioning TextToImagePipeline::conditioning(const TextStates& states, PictureSize size) const {
  return {states.hidden_states, states.pooled, time_ids(states.hidden_states.size(0), size)};
}

at::Tensor TextToImagePipeline::time_ids(std::int64_t n, PictureSize size) const {
  if (!takes_time_ids_) return {};
  const PictureSize whole = sized(size);
  const auto height = static_cast<double>(whole.height), width = static_cast<double>(whole.width);
  return at::tensor({height, width, 0.0, 0.0, height, width}, at::kDouble)
      .to(device_, dtype_)
      .repeat({n, 1});
}

PictureSize TextToImagePipeline::sized(PictureSize size) const {
  if (size.height == 0) size.height = unet_->sample_size() * factor();
  if (size.width == 0) size.width = unet_->sample_width() * factor();
  if (size.height > 0 && size.width > 0) return size;
  throw usage_error("the UNet's config names no sample_size: give height and width");
}

PictureSize TextToImagePipeline::size_of(const at::Tensor& latents) const {
  return {latents.size(2) * factor(), latents.size(3) * factor()};
}

at::Tensor TextToImagePipeline::decode(const at::Tensor& latents) const {
  if (!has_vae()) throw usage_error({path_}, "has no vae/, so it cannot make pictures");
  if (read_vae_) {
    vae_ = read_vae_();
    read_vae_ = nullptr;
  }
  std::vector<at::Tensor> pictures;  // one at a time: the decoder needs much memory
  for (const at::Tensor& latent : latents.to(device_, dtype_).split(1)) {
    pictures.push_back(to_pictures(vae_->decode(latent)));
  }
  return at::cat(pictures, 0);
}

FolderScheduler scheduler_config(const ModelFolder& folder) {
  check_pipeline(folder);
  if (!folder.has("scheduler")) {
    throw usage_error(
        {folder.path().string()},
        "has no scheduler/scheduler_config.json, which says on how much noise the model "
        "was trained; copy it from the model that this one was made of");
  }
  return {folder.config("scheduler"), folder.config_path("scheduler").string()};
}

std::int64_t TextToImagePipeline::factor() const {
  return has_vae() ? vae_->factor() : kStableDiffusionFactor;
}

}  // namespace fdbench
