// The configuration of a UNet2DConditionModel, checked.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "kernels/activation.h"

namespace fdbench {

/// One down or up block. Blocks without attention have no transformer layers.
struct UNetBlockConfig {
  std::int64_t channels = 0;
  std::int64_t num_resnets = 0;
  bool attention = false;
  std::int64_t heads = 0;
  /// Of each attention of the block.
  std::vector<std::int64_t> transformer_layers;
};

enum class MidBlock { kNone, kResnet, kCrossAttention };

/// What a ControlNetModel has in place of up blocks.
struct ControlConfig {
  std::int64_t conditioning_channels = 3;
  /// `conditioning_embedding_out_channels`.
  std::vector<std::int64_t> embedding_widths;
  /// controlnet_conditioning_channel_order "bgr".
  bool is_bgr = false;
  bool global_pool_conditions = false;
};

/// Names as in diffusers' config.json.
struct UNetConfig {
  /// 0: not named.
  std::int64_t sample_height = 0, sample_width = 0;
  std::int64_t in_channels = 4, out_channels = 4;
  std::int64_t conv_in_kernel = 3, conv_out_kernel = 3;
  bool center_input_sample = false;
  bool flip_sin_to_cos = true;
  double freq_shift = 0;
  std::int64_t time_embedding_dim = 0;
  /// Width of the embedded guidance scale, which latent consistency models take beside the
  /// timestep; 0: guidance is no input of the network.
  std::int64_t time_cond_proj_dim = 0;
  /// In the order they run.
  std::vector<UNetBlockConfig> down_blocks, up_blocks;
  MidBlock mid_block = MidBlock::kCrossAttention;
  std::int64_t mid_heads = 0, mid_transformer_layers = 0;
  double mid_block_scale_factor = 1;
  std::int64_t downsample_padding = 1;
  std::int64_t cross_attention_dim = 0;
  bool use_linear_projection = false;
  bool upcast_attention = false;
  Activation activation = Activation::kSilu;
  bool scale_shift = false;
  std::int64_t norm_num_groups = 32;
  double norm_eps = 1e-5;
  /// addition_embed_type "text_time" (SDXL): widths of one embedded time id and of the whole added
  /// input.
  std::optional<std::int64_t> addition_time_embed_dim;
  std::int64_t projection_class_embeddings_input_dim = 0;
  /// Of a ControlNetModel: an encoder and a bottleneck that look at a control picture.
  std::optional<ControlConfig> control;
};

/// Reads diffusers' config.json. Throws a usage error for an unknown key, a wrong type, and any
/// option that is not supported.
UNetConfig read_unet_config(const nlohmann::json& config, const std::filesystem::path& place);

/// The same of a ControlNetModel's config.json; `control` is set, the up blocks mean nothing.
UNetConfig read_controlnet_config(const nlohmann::json& config, const std::filesystem::path& place);

}  // namespace fdbench
