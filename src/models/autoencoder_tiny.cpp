#include "models/autoencoder_tiny.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "models/config_reader.h"
#include "nn/conv2d.h"

namespace fdbench {
namespace {

/// DecoderTiny's soft clamp.
constexpr double kLargestLatent = 3;

/// Names as in diffusers' config.json.
struct TinyConfig {
  std::int64_t in_channels = 3, out_channels = 3, latent_channels = 4;
  /// Residual blocks of each stage.
  std::vector<std::int64_t> encoder_blocks, decoder_blocks;
  std::int64_t encoder_channels = 64, decoder_channels = 64;
  Activation activation = Activation::kRelu;
  std::string upsample_fn = "nearest";
  std::int64_t upsampling_scaling_factor = 2;
  double scaling_factor = 1;
};

/// `PREFIX_block_out_channels`, of which all must be equal (diffusers' blocks fail otherwise), and
/// `num_PREFIX_blocks`, which must be as many.
std::vector<std::int64_t> read_stages(ConfigReader& reader, const std::string& prefix,
                                      const std::vector<std::int64_t>& blocks,
                                      std::int64_t& channels) {
  const std::string key = prefix + "_block_out_channels", number = "num_" + prefix + "_blocks";
  const std::vector<std::int64_t> widths = reader.positives(key, {64, 64, 64, 64});
  const std::vector<std::int64_t> counts = reader.positives(number, blocks);
  if (counts.size() != widths.size()) {
    throw reader.error(number, "must have as many entries as " + key);
  }
  channels = widths.front();
  if (std::count(widths.begin(), widths.end(), channels) !=
      static_cast<std::ptrdiff_t>(widths.size())) {
    throw reader.unsupported(key, "one width for all blocks");
  }
  return counts;
}

TinyConfig read_tiny_config(const nlohmann::json& json, const std::filesystem::path& place) {
  ConfigReader reader(json, place, "AutoencoderTiny");
  TinyConfig config;
  config.in_channels = reader.positive("in_channels", 3);
  config.out_channels = reader.positive("out_channels", 3);
  config.latent_channels = reader.positive("latent_channels", 4);
  config.encoder_blocks = read_stages(reader, "encoder", {1, 3, 3, 3}, config.encoder_channels);
  config.decoder_blocks = read_stages(reader, "decoder", {3, 3, 3, 1}, config.decoder_channels);
  config.activation = reader.activation("act_fn", "relu");
  config.upsample_fn = reader.text("upsample_fn", "nearest");
  constexpr std::array kModes = {"nearest", "nearest-exact", "bilinear", "bicubic"};
  if (std::find(kModes.begin(), kModes.end(), config.upsample_fn) == kModes.end()) {
    throw reader.unsupported("upsample_fn", "'nearest', 'nearest-exact', 'bilinear', 'bicubic'");
  }
  config.upsampling_scaling_factor = reader.positive("upsampling_scaling_factor", 2);
  config.scaling_factor = reader.number("scaling_factor", 1);
  if (config.scaling_factor == 0) throw reader.error("scaling_factor", "must not be 0");
  for (const char* key :
       {"latent_magnitude", "latent_shift", "shift_factor", "force_upcast", "block_out_channels"}) {
    // Of the encoder, of tiling, or set by diffusers itself.
    reader.any(key);
  }
  reader.finish();
  return config;
}

Conv2d without_bias(const WeightScope& scope, std::int64_t channels) {
  Conv2d conv;
  conv.weight = scope.take("weight", {channels, channels, 3, 3});
  conv.padding = 1;
  return conv;
}

/// diffusers' AutoencoderTinyBlock of equal widths.
struct TinyBlock {
  std::array<Conv2d, 3> convs;

  TinyBlock(const WeightScope& scope, std::int64_t channels)
      : convs{Conv2d(scope / "conv.0", channels, channels, 3),
              Conv2d(scope / "conv.2", channels, channels, 3),
              Conv2d(scope / "conv.4", channels, channels, 3)} {}

  at::Tensor operator()(const at::Tensor& x, Activation activation) const {
    at::Tensor h = activate_in_place(convs[0](x), activation);
    h = activate_in_place(convs[1](h), activation);
    return convs[2](h, x).relu_();
  }
};

struct TinyDecoder {
  struct Stage {
    std::vector<TinyBlock> blocks;
    /// After the enlargement; of the last stage the output.
    Conv2d conv;
  };
  Conv2d conv_in;
  std::vector<Stage> stages;

  /// Layers are numbered as in the nn.Sequential of diffusers, activations and enlargements
  /// included.
  TinyDecoder(const WeightScope& scope, const TinyConfig& config)
      : conv_in(scope / std::size_t{0}, config.latent_channels, config.decoder_channels, 3) {
    const std::int64_t channels = config.decoder_channels;
    std::size_t layer = 2;
    for (std::size_t i = 0; i < config.decoder_blocks.size(); ++i) {
      Stage& stage = stages.emplace_back();
      for (std::int64_t j = 0; j < config.decoder_blocks[i]; ++j) {
        stage.blocks.emplace_back(scope / layer++, channels);
      }
      const bool is_last = i + 1 == config.decoder_blocks.size();
      if (!is_last) ++layer;
      stage.conv = is_last ? Conv2d(scope / layer, channels, config.out_channels, 3)
                           : without_bias(scope / layer, channels);
      ++layer;
    }
  }
};

/// Takes the encoder's weights, so that missing and surplus ones are found.
void take_encoder(const WeightScope& scope, const TinyConfig& config) {
  const std::int64_t channels = config.encoder_channels;
  std::size_t layer = 0;
  for (std::size_t i = 0; i < config.encoder_blocks.size(); ++i, ++layer) {
    if (i == 0) {
      Conv2d(scope / layer, config.in_channels, channels, 3);
    } else {
      without_bias(scope / layer, channels);
    }
    for (std::int64_t j = 0; j < config.encoder_blocks[i]; ++j) {
      TinyBlock(scope / ++layer, channels);
    }
  }
  Conv2d(scope / layer, channels, config.latent_channels, 3);
}

at::Tensor enlarged(const at::Tensor& x, const TinyConfig& config) {
  const std::int64_t factor = config.upsampling_scaling_factor;
  const std::vector<std::int64_t> size = {factor * x.size(2), factor * x.size(3)};
  if (config.upsample_fn == "bilinear") return at::upsample_bilinear2d(x, size, false);
  if (config.upsample_fn == "bicubic") return at::upsample_bicubic2d(x, size, false);
  // At whole factors 'nearest-exact' is the same.
  return at::upsample_nearest2d(x, size);
}

}  // namespace

struct AutoencoderTiny::Impl {
  TinyConfig config;
  TinyDecoder decoder;

  Impl(TinyConfig read, Weights& weights)
      : config(std::move(read)), decoder(WeightScope(weights, "decoder.layers"), config) {
    take_encoder(WeightScope(weights, "encoder.layers"), config);
    weights.finish();
  }
};

AutoencoderTiny::AutoencoderTiny(const nlohmann::json& config, Weights& weights,
                                 const std::filesystem::path& place)
    : impl_(std::make_unique<Impl>(read_tiny_config(config, place), weights)) {}

AutoencoderTiny::~AutoencoderTiny() = default;

at::Tensor AutoencoderTiny::decode(const at::Tensor& latents) const {
  const TinyConfig& config = impl_->config;
  const TinyDecoder& decoder = impl_->decoder;
  if (latents.dim() != 4 || latents.size(1) != config.latent_channels) {
    throw usage_error("the autoencoder needs latents [n, " +
                      std::to_string(config.latent_channels) + ", height, width]");
  }
  at::Tensor h = latents.to(decoder.conv_in.weight.options()).div(config.scaling_factor);
  h = h.div_(kLargestLatent).tanh_().mul_(kLargestLatent);
  h = activate_in_place(decoder.conv_in(h), config.activation);
  for (const TinyDecoder::Stage& stage : decoder.stages) {
    for (const TinyBlock& block : stage.blocks) h = block(h, config.activation);
    if (&stage != &decoder.stages.back()) h = enlarged(h, config);
    h = stage.conv(h);
  }
  return h.mul_(2).sub_(1);
}

std::int64_t AutoencoderTiny::factor() const {
  return std::int64_t{1} << (impl_->config.decoder_blocks.size() - 1);
}

}  // namespace fdbench
