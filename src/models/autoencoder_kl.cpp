#include "models/autoencoder_kl.h"

#include <optional>
#include <vector>

#include "core/error.h"
#include "models/vae_config.h"
#include "nn/attention.h"
#include "nn/resnet.h"
#include "nn/sampling.h"

namespace fdbench {
namespace {

constexpr double kNormEps = 1e-6;

/// Hands on another source's tensors, those of float16 in float32.
class UpcastWeights : public Weights {
 public:
  explicit UpcastWeights(Weights& weights) : weights_(weights) {}
  at::Tensor take(const std::string& name, at::IntArrayRef shape) override {
    const at::Tensor tensor = weights_.take(name, shape);
    return tensor.scalar_type() == at::kHalf ? tensor.to(at::kFloat) : tensor;
  }
  bool contains(const std::string& name) const override { return weights_.contains(name); }
  void finish() override { weights_.finish(); }

 private:
  Weights& weights_;
};

/// Self-attention of one head over all channels, with its own normalisation and a residual
/// connection.
struct VaeAttention {
  GroupNorm group_norm;
  Attention attention;

  VaeAttention(const WeightScope& scope, std::int64_t channels, std::int64_t groups)
      : group_norm(scope / "group_norm", channels, groups, kNormEps),
        attention(scope, options(scope, channels)) {}

  static AttentionOptions options(const WeightScope& scope, std::int64_t channels) {
    AttentionOptions options;
    options.query_dim = options.context_dim = options.inner_dim = channels;
    options.bias = true;
    if (scope.contains("query.weight")) options.names = {"query", "key", "value", "proj_attn"};
    return options;
  }

  /// x: [B, C, H, W] -> the same shape.
  at::Tensor operator()(const at::Tensor& x) const {
    const at::Tensor tokens = group_norm(x).flatten(2).transpose(1, 2);
    return attention(tokens, tokens).transpose(1, 2).reshape(x.sizes()).add_(x);
  }
};

ResnetBlock2D vae_resnet(const WeightScope& scope, const VaeConfig& config, std::int64_t in,
                         std::int64_t out) {
  ResnetOptions options;
  options.in_channels = in;
  options.out_channels = out;
  options.norm_num_groups = config.norm_num_groups;
  options.norm_eps = kNormEps;
  options.activation = config.activation;
  return ResnetBlock2D(scope, options);
}

struct VaeMidBlock {
  ResnetBlock2D first, second;
  std::optional<VaeAttention> attention;

  VaeMidBlock(const WeightScope& scope, const VaeConfig& config)
      : first(vae_resnet(scope / "resnets.0", config, channels(config), channels(config))),
        second(vae_resnet(scope / "resnets.1", config, channels(config), channels(config))) {
    if (config.mid_block_add_attention) {
      attention.emplace(scope / "attentions.0", channels(config), config.norm_num_groups);
    }
  }
  static std::int64_t channels(const VaeConfig& config) { return config.block_out_channels.back(); }

  at::Tensor operator()(const at::Tensor& x) const {
    const at::Tensor h = first(x, {});
    return second(attention ? (*attention)(h) : h, {});
  }
};

struct VaeEncoder {
  struct Block {
    std::vector<ResnetBlock2D> resnets;
    std::optional<Downsample2D> downsampler;
  };
  Conv2d conv_in, conv_out;
  std::vector<Block> down_blocks;
  VaeMidBlock mid_block;
  GroupNorm conv_norm_out;

  VaeEncoder(const WeightScope& scope, const VaeConfig& config)
      : conv_in(scope / "conv_in", config.in_channels, config.block_out_channels.front(), 3),
        conv_out(scope / "conv_out", config.block_out_channels.back(), 2 * config.latent_channels,
                 3),
        mid_block(scope / "mid_block", config),
        conv_norm_out(scope / "conv_norm_out", config.block_out_channels.back(),
                      config.norm_num_groups, kNormEps) {
    std::int64_t channels = config.block_out_channels.front();
    for (std::size_t i = 0; i < config.block_out_channels.size(); ++i) {
      const WeightScope block = scope / "down_blocks" / i;
      down_blocks.emplace_back();
      for (std::int64_t j = 0; j < config.layers_per_block; ++j) {
        down_blocks.back().resnets.push_back(
            vae_resnet(block / "resnets" / j, config, channels, config.block_out_channels[i]));
        channels = config.block_out_channels[i];
      }
      if (i + 1 == config.block_out_channels.size()) continue;
      down_blocks.back().downsampler = Downsample2D(block / "downsamplers.0", channels, 0);
    }
  }

  at::Tensor operator()(const at::Tensor& images) const {
    at::Tensor h = conv_in(images);
    for (const Block& block : down_blocks) {
      for (const ResnetBlock2D& resnet : block.resnets) h = resnet(h, {});
      if (block.downsampler) h = (*block.downsampler)(h);
    }
    return conv_out(activate_in_place(conv_norm_out(mid_block(h)), Activation::kSilu));
  }
};

struct VaeDecoder {
  struct Block {
    std::vector<ResnetBlock2D> resnets;
    std::optional<Upsample2D> upsampler;
  };
  Conv2d conv_in, conv_out;
  VaeMidBlock mid_block;
  std::vector<Block> up_blocks;
  GroupNorm conv_norm_out;

  VaeDecoder(const WeightScope& scope, const VaeConfig& config)
      : conv_in(scope / "conv_in", config.latent_channels, config.block_out_channels.back(), 3),
        conv_out(scope / "conv_out", config.block_out_channels.front(), config.out_channels, 3),
        mid_block(scope / "mid_block", config),
        conv_norm_out(scope / "conv_norm_out", config.block_out_channels.front(),
                      config.norm_num_groups, kNormEps) {
    const std::size_t count = config.block_out_channels.size();
    std::int64_t channels = config.block_out_channels.back();
    for (std::size_t i = 0; i < count; ++i) {
      const WeightScope block = scope / "up_blocks" / i;
      const std::int64_t out = config.block_out_channels[count - 1 - i];
      up_blocks.emplace_back();
      for (std::int64_t j = 0; j <= config.layers_per_block; ++j) {
        up_blocks.back().resnets.push_back(
            vae_resnet(block / "resnets" / j, config, channels, out));
        channels = out;
      }
      if (i + 1 < count) up_blocks.back().upsampler = Upsample2D(block / "upsamplers.0", channels);
    }
  }

  at::Tensor operator()(const at::Tensor& latents) const {
    at::Tensor h = mid_block(conv_in(latents));
    for (const Block& block : up_blocks) {
      for (const ResnetBlock2D& resnet : block.resnets) h = resnet(h, {});
      if (block.upsampler) h = (*block.upsampler)(h, 2 * h.size(2), 2 * h.size(3));
    }
    return conv_out(activate_in_place(conv_norm_out(h), Activation::kSilu));
  }
};

void check_images(const at::Tensor& images, std::int64_t channels, const std::string& what) {
  if (images.dim() == 4 && images.size(1) == channels) return;
  throw usage_error("the autoencoder needs " + what + " [n, " + std::to_string(channels) +
                    ", height, width]");
}

}  // namespace

struct AutoencoderKL::Impl {
  VaeConfig config;
  std::optional<VaeEncoder> encoder;
  std::optional<VaeDecoder> decoder;
  Conv2d quant_conv, post_quant_conv;

  void take(Weights& weights) {
    encoder.emplace(WeightScope(weights, "encoder"), config);
    decoder.emplace(WeightScope(weights, "decoder"), config);
    const std::int64_t c = config.latent_channels;
    if (config.use_quant_conv) {
      quant_conv = Conv2d(WeightScope(weights, "quant_conv"), 2 * c, 2 * c, 1);
    }
    if (config.use_post_quant_conv) {
      post_quant_conv = Conv2d(WeightScope(weights, "post_quant_conv"), c, c, 1);
    }
    weights.finish();
  }
  at::Tensor as_weights(const at::Tensor& x) const {
    return x.to(decoder->conv_in.weight.options());
  }
  /// A number for each channel, shaped for latents.
  at::Tensor of_channels(const std::vector<float>& numbers) const {
    return as_weights(at::tensor(numbers, at::kFloat).view({1, -1, 1, 1}));
  }
};

AutoencoderKL::AutoencoderKL(const nlohmann::json& config, Weights& weights,
                             const std::filesystem::path& place)
    : impl_(std::make_unique<Impl>()) {
  impl_->config = read_vae_config(config, place);
  UpcastWeights upcast(weights);
  impl_->take(impl_->config.force_upcast ? upcast : weights);
}

AutoencoderKL::~AutoencoderKL() = default;
AutoencoderKL::AutoencoderKL(AutoencoderKL&&) noexcept = default;

at::Tensor AutoencoderKL::decode(const at::Tensor& latents) const {
  check_images(latents, impl_->config.latent_channels, "latents");
  at::Tensor z = impl_->as_weights(latents);
  if (!impl_->config.latents_std.empty()) z = z * impl_->of_channels(impl_->config.latents_std);
  z = z.div(impl_->config.scaling_factor);
  if (!impl_->config.latents_mean.empty()) z.add_(impl_->of_channels(impl_->config.latents_mean));
  if (impl_->config.shift_factor != 0) z.add_(impl_->config.shift_factor);
  return (*impl_->decoder)(impl_->config.use_post_quant_conv ? impl_->post_quant_conv(z) : z);
}

at::Tensor AutoencoderKL::encode(const at::Tensor& images) const {
  check_images(images, impl_->config.in_channels, "images");
  at::Tensor moments = (*impl_->encoder)(impl_->as_weights(images));
  if (impl_->config.use_quant_conv) moments = impl_->quant_conv(moments);
  at::Tensor mean = moments.chunk(2, 1)[0] - impl_->config.shift_factor;
  if (!impl_->config.latents_mean.empty()) {
    mean = mean.sub_(impl_->of_channels(impl_->config.latents_mean))
               .div_(impl_->of_channels(impl_->config.latents_std));
  }
  return mean.mul_(impl_->config.scaling_factor);
}

std::int64_t AutoencoderKL::factor() const {
  return std::int64_t{1} << (impl_->config.block_out_channels.size() - 1);
}

}  // namespace fdbench
