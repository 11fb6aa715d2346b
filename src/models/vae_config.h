// The configuration of an AutoencoderKL, checked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "kernels/activation.h"

namespace fdbench {

/// Names as in diffusers' config.json.
struct VaeConfig {
  std::int64_t in_channels = 3, out_channels = 3, latent_channels = 4;
  std::vector<std::int64_t> block_out_channels;
  std::int64_t layers_per_block = 1;
  std::int64_t norm_num_groups = 32;
  Activation activation = Activation::kSilu;
  double scaling_factor = 0.18215, shift_factor = 0;
  /// Of each latent channel; both or neither.
  std::vector<float> latents_mean, latents_std;
  bool force_upcast = true;
  bool use_quant_conv = true, use_post_quant_conv = true;
  bool mid_block_add_attention = true;
};

/// Reads diffusers' config.json. Throws a usage error for an unknown key, a wrong type, and any
/// option that is not supported.
VaeConfig read_vae_config(const nlohmann::json& config, const std::filesystem::path& place);

}  // namespace fdbench
