#include "tasks/text_to_image.h"

#include <utility>

#include "core/error.h"
#include "denoisers/image_conditioned.h"
#include "models/unet_config.h"

namespace fdbench {
namespace {

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
    : PicturePipeline(folder, options) {
  check_draws_from_text(folder);
  const UNetConfig config = read_unet_config(folder.config("unet"), folder.config_path("unet"));
  check_channels(folder, config, image_channels);
  check_is_no_refiner(folder);
  takes_time_ids_ = config.addition_time_embed_dim.has_value();
  open_vae(options);
  const bool is_outline = options.wanted == Wanted::kOutline;
  if (!is_outline) prompt_encoder_ = make_prompt_encoder(folder, dtype(), device());
  std::unique_ptr<Denoiser> unet =
      is_outline ? load_outline(folder) : load_denoiser(folder, dtype(), device(), options.reading);
  if (image_channels > 0) unet = with_image(std::move(unet), image_channels);
  controls_ = resolved_controls(options.controls);
  set_denoiser(with_controls(std::move(unet), controls_, is_outline), options.change);
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
  throw usage_error({folder().path().string()},
                    "has no text_encoder/ and tokenizer/, so it cannot read prompts; "
                    "give prompt_embeds with --inputs");
}

Conditioning TextToImagePipeline::encode_prompts(const std::vector<std::string>& prompts,
                                                 PictureSize size, std::int64_t clip_skip) const {
  const TextStates states = prompt_encoder().encode(prompts, clip_skip);
  check_states(folder().path().string(), prompts, states.hidden_states, dtype());
  check_states(folder().path().string(), prompts, states.pooled, dtype());
  return conditioning(states, size);
}

Conditioning TextToImagePipeline::encode_no_prompt(std::int64_t n, PictureSize size) const {
  const TextStates states = prompt_encoder().encode_nothing(n);
  const std::vector<std::string> prompts(static_cast<std::size_t>(n), "");
  check_states(folder().path().string(), prompts, states.hidden_states, dtype());
  check_states(folder().path().string(), prompts, states.pooled, dtype());
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
      .to(device(), dtype())
      .repeat({n, 1});
}

}  // namespace fdbench
