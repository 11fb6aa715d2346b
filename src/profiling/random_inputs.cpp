#include "profiling/random_inputs.h"

#include "core/error.h"
#include "core/random.h"

namespace fdbench {
namespace {

/// Amid the 1000 of training.
constexpr double kTimestep = 500;
/// Of one latent position.
constexpr std::int64_t kPixelsPerSide = 8;
/// Original size, crop corner, target size.
constexpr std::int64_t kNumTimeIds = 6;

}  // namespace

DenoiserInputs random_inputs(const UNetConfig& config, const SampleShape& shape, std::uint64_t seed,
                             at::ScalarType dtype, const at::Device& device) {
  at::Generator generator = picture_generator(seed, 0);
  const auto draw = [&](at::IntArrayRef sizes) {
    return at::randn(sizes, generator, at::kFloat).to(device, dtype);
  };
  DenoiserInputs inputs;
  inputs.sample = draw({shape.batch, config.in_channels, shape.axes[0], shape.axes[1]});
  inputs.timesteps = at::full({shape.batch}, kTimestep, at::device(device).dtype(at::kFloat));
  if (config.cross_attention_dim > 0) {
    inputs.conditioning.set("encoder_hidden_states",
                            draw({shape.batch, shape.text_tokens, config.cross_attention_dim}));
  }
  if (config.time_cond_proj_dim > 0) {
    inputs.conditioning.set("timestep_cond", draw({shape.batch, config.time_cond_proj_dim}));
  }
  if (config.addition_time_embed_dim) {
    const std::int64_t pooled = config.projection_class_embeddings_input_dim -
                                kNumTimeIds * *config.addition_time_embed_dim;
    if (pooled <= 0) {
      throw usage_error("projection_class_embeddings_input_dim leaves no room for pooled text: " +
                        std::to_string(kNumTimeIds) + " time ids of " +
                        std::to_string(*config.addition_time_embed_dim) + " values make it up");
    }
    inputs.conditioning.set("text_embeds", draw({shape.batch, pooled}));
    const auto height = static_cast<float>(shape.axes[0] * kPixelsPerSide);
    const auto width = static_cast<float>(shape.axes[1] * kPixelsPerSide);
    inputs.conditioning.set("time_ids",
                            at::tensor({height, width, 0.F, 0.F, height, width}, at::kFloat)
                                .to(device, dtype)
                                .repeat({shape.batch, 1}));
  }
  return inputs;
}

}  // namespace fdbench
