#include "pipelines/synthetic_prompts.h"

#include "core/hash.h"
#include "core/random.h"

namespace fdbench {
namespace {

constexpr std::int64_t kTokens = 77;

at::Tensor noise_of(const std::string& text, at::IntArrayRef shape) {
  const std::uint64_t seed = std::stoull(content_hash(text).substr(0, 15), nullptr, 16);
  at::Generator generator = picture_generator(seed, 0);
  return draw_noise(generator, shape);
}

}  // namespace

Conditioning synthetic_prompts(const std::vector<std::string>& prompts,
                               const nlohmann::json& unet_config) {
  const auto width = unet_config.at("cross_attention_dim").get<std::int64_t>();
  const bool added = unet_config.value("addition_embed_type", nlohmann::json()) == "text_time";
  std::vector<at::Tensor> states, pooled;
  for (const std::string& prompt : prompts) {
    states.push_back(noise_of(prompt, {kTokens, width}));
    if (!added) continue;
    constexpr std::int64_t kNumIds = 6;
    const auto ids = kNumIds * unet_config.at("addition_time_embed_dim").get<std::int64_t>();
    const auto inputs = unet_config.at("projection_class_embeddings_input_dim").get<std::int64_t>();
    pooled.push_back(noise_of(prompt + " pooled", {inputs - ids}));
  }
  Conditioning conditioning{at::cat(states, 0), {}, {}};
  if (!added) return conditioning;
  conditioning.text_embeds = at::cat(pooled, 0);
  const double side = 8.0 * unet_config.value("sample_size", 128);
  conditioning.time_ids = at::tensor({side, side, 0.0, 0.0, side, side}, at::kFloat)
                              .repeat({static_cast<std::int64_t>(prompts.size()), 1});
  return conditioning;
}

}  // namespace fdbench
