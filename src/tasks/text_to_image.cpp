#include "tasks/text_to_image.h"

#include <utility>

#include "core/error.h"
#include "denoisers/image_conditioned.h"
#include "execution/guidance.h"
#include "models/unet_config.h"

namespace fdbench {
namespace {

constexpr std::int64_t kStableDiffusionFactor = 8;

/// With its weights; nullptr where the folder has none.
std::unique_ptr<Vae> load_vae(const ModelFolder& folder, at::ScalarType dtype, at::Device device) {
  if (!folder.has("vae")) return nullptr;
  const nlohmann::json config = folder.config("vae");
  const std::filesystem::path place = folder.config_path("vae");
  check_vae_class(config, place);
  const auto weights = folder.weights("vae", dtype, device);
  return make_vae(config, *weights, place);
}

/// What to do about numbers that are not finite; "" where no other type is likely to help.
std::string other_dtypes(at::ScalarType dtype) {
  if (dtype != at::kHalf) return "";
  return "; float16 overflows beyond 65504: use --dtype bfloat16 or float32 ('dtype:' in a config)";
}

/// Throws a runtime error unless all prompts' states are finite.
void check_states(const std::string& path, const std::vector<std::string>& prompts,
                  const at::Tensor& states, at::ScalarType dtype) {
  if (!states.defined() || at::isfinite(states).all().item<bool>()) return;
  const at::Tensor bad = at::isfinite(states.flatten(1)).all(1).logical_not();
  const auto first = static_cast<std::size_t>(bad.to(at::kInt).argmax().item<std::int64_t>());
  throw runtime_error({path}, "text_encoder: the states of the prompt '" + prompts.at(first) +
                                  "' are not finite (NaN or infinite)" + other_dtypes(dtype));
}

/// Refuses models that draw from more than noise, text and the picture that they are shown.
void check_channels(const ModelFolder& folder, const UNetConfig& unet,
                    std::int64_t image_channels) {
  const Place place{folder.config_path("unet").string()};
  const std::int64_t of_sample = unet.in_channels - image_channels;
  if (of_sample == unet.out_channels || 2 * of_sample == unet.out_channels) return;
  if (image_channels > 0) {
    throw usage_error(place, "'in_channels': " + std::to_string(unet.in_channels) + " hold " +
                                 std::to_string(image_channels) +
                                 " channels of the stage before and " + std::to_string(of_sample) +
                                 " of the sample, but " + std::to_string(unet.out_channels) +
                                 " are predicted");
  }
  throw usage_error(place, "'in_channels': " + std::to_string(unet.in_channels) +
                               " for latents of " + std::to_string(unet.out_channels) +
                               " channels: models for inpainting, upscaling or editing are not "
                               "supported, only for text to picture");
}

}  // namespace

TextToImagePipeline::TextToImagePipeline(const ModelFolder& folder, const TaskOptions& options,
                                         std::int64_t image_channels)
    : folder_(folder),
      path_(folder.path().string()),
      synthetic_(folder.synthetic()),
      dtype_(options.dtype),
      device_(options.device),
      factor_(picture_factor(folder)) {
  check_draws_from_text(folder);
  const UNetConfig config = read_unet_config(folder.config("unet"), folder.config_path("unet"));
  check_channels(folder, config, image_channels);
  check_is_no_refiner(folder);
  takes_time_ids_ = config.addition_time_embed_dim.has_value();
  const bool is_outline = options.wanted == Wanted::kOutline;
  const bool reads_now = options.reading == Reading::kAtOnce;
  if (options.wanted == Wanted::kPictures) {
    vae_ = load_vae(folder, dtype_, reads_now ? device_ : at::Device(at::kMeta));
  }
  if (!reads_now && has_vae()) {
    read_vae_ = [folder, dtype = dtype_, device = device_] {
      return load_vae(folder, dtype, device);
    };
  }
  if (!is_outline) prompt_encoder_ = make_prompt_encoder(folder, dtype_, device_);
  unet_ =
      is_outline ? load_outline(folder) : load_denoiser(folder, dtype_, device_, options.reading);
  if (image_channels > 0) unet_ = with_image(std::move(unet_), image_channels);
  controls_ = resolved_controls(options.controls);
  unet_ = with_controls(std::move(unet_), controls_, is_outline);
  if (options.change) unet_ = options.change(std::move(unet_));
  stage_.denoiser = unet_.get();
}

PromptPair TextToImagePipeline::encode(std::size_t, const PromptBatch& batch,
                                       const at::Tensor&) const {
  PromptPair pair;
  const auto count = static_cast<std::int64_t>(batch.prompts.size());
  pair.conditional = encode_prompts(batch.prompts, batch.size, batch.clip_skip);
  if (batch.guided) {
    pair.unconditional = batch.negative_prompts.empty()
                             ? encode_no_prompt(count, batch.size)
                             : encode_prompts(batch.negative_prompts, batch.size);
  }
  if (!controls_.empty()) show_controls(pair, batch.control_images, count, sized(batch.size));
  return pair;
}

std::vector<at::Tensor> TextToImagePipeline::show_controls(
    PromptPair& pair, const std::vector<std::vector<std::filesystem::path>>& images, std::int64_t n,
    PictureSize size) const {
  if (images.size() != controls_.size()) {
    throw usage_error("the model has " + std::to_string(controls_.size()) +
                      " control networks, but control pictures for " +
                      std::to_string(images.size()) + " are given");
  }
  std::vector<at::Tensor> pictures;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto count = static_cast<std::int64_t>(images[i].size());
    if (count != 1 && count != n) {
      throw usage_error(std::to_string(count) + " control pictures for " + std::to_string(n) +
                        " pictures: give one for all, or one for each");
    }
    std::vector<at::Tensor> loaded;
    for (const std::filesystem::path& path : images[i]) {
      loaded.push_back(load_control_picture(path, size, controls_[i].preprocessing));
    }
    pictures.push_back(at::cat(loaded, 0));
  }
  add_controls(pair.conditional, controls_, pictures, n, false);
  if (!pair.unconditional.empty()) add_controls(pair.unconditional, controls_, pictures, n, true);
  return pictures;
}

const PromptEncoder& TextToImagePipeline::prompt_encoder() const {
  if (prompt_encoder_ != nullptr) return *prompt_encoder_;
  throw usage_error({path_},
                    "has no text_encoder/ and tokenizer/, so it cannot read prompts; "
                    "give prompt_embeds with --inputs");
}

bool TextToImagePipeline::guided(double guidance_scale) const {
  return has_guidance_halves(*unet_, guidance_scale);
}

Conditioning TextToImagePipeline::encode_prompts(const std::vector<std::string>& prompts,
                                                 PictureSize size, std::int64_t clip_skip) const {
  const TextStates states = prompt_encoder().encode(prompts, clip_skip);
  check_states(path_, prompts, states.hidden_states, dtype_);
  check_states(path_, prompts, states.pooled, dtype_);
  return conditioning(states, size);
}

Conditioning TextToImagePipeline::encode_no_prompt(std::int64_t n, PictureSize size) const {
  const TextStates states = prompt_encoder().encode_nothing(n);
  const std::vector<std::string> prompts(static_cast<std::size_t>(n), "");
  check_states(path_, prompts, states.hidden_states, dtype_);
  check_states(path_, prompts, states.pooled, dtype_);
  return conditioning(states, size);
}

Conditioning TextToImagePipeline::conditioning(const TextStates& states, PictureSize size) const {
  return {{"encoder_hidden_states", states.hidden_states},
          {"text_embeds", states.pooled},
          {"time_ids", time_ids(states.hidden_states.size(0), size)}};
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
  if (size.height == 0) size.height = unet_->info().sample_axes[0] * factor();
  if (size.width == 0) size.width = unet_->info().sample_axes[1] * factor();
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
  // One at a time: the decoder needs much memory.
  std::vector<at::Tensor> pictures;
  for (const at::Tensor& latent : latents.to(device_, dtype_).split(1)) {
    const at::Tensor decoded = vae_->decode(latent);
    const std::int64_t bad = at::isfinite(decoded).logical_not().sum().item<std::int64_t>();
    if (bad > 0) {
      const std::string number = latents.size(0) == 1
                                     ? ""
                                     : " number " + std::to_string(pictures.size() + 1) + " of " +
                                           std::to_string(latents.size(0));
      throw runtime_error({path_}, "vae: the picture" + number +
                                       " that it decodes is not finite (" + std::to_string(bad) +
                                       " of " + std::to_string(decoded.numel()) +
                                       " values are NaN or infinite)" + other_dtypes(dtype_));
    }
    pictures.push_back(to_pictures(decoded));
  }
  return at::cat(pictures, 0);
}

std::int64_t picture_factor(const ModelFolder& folder) {
  const bool is_told = folder.has("vae") && std::filesystem::exists(folder.config_path("vae"));
  return is_told ? vae_factor(folder.config("vae")) : kStableDiffusionFactor;
}

void check_draws_pictures(const ModelFolder& folder) {
  if (!folder.has("vae")) {
    throw usage_error({folder.path().string()}, "has no vae/, so it cannot make pictures");
  }
  check_vae_class(folder.config("vae"), folder.config_path("vae"));
}

std::int64_t TextToImagePipeline::factor() const { return has_vae() ? vae_->factor() : factor_; }

}  // namespace fdbench
