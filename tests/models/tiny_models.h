// Configurations of models that are small enough for unit tests.
#pragma once

#include <nlohmann/json.hpp>

namespace fdbench {

/// A UNet of two levels; `options` come on top.
inline nlohmann::json tiny_unet_config(const nlohmann::json& options = nlohmann::json::object()) {
  nlohmann::json config = {{"_class_name", "UNet2DConditionModel"},
                           {"sample_size", 8},
                           {"block_out_channels", {8, 16}},
                           {"down_block_types", {"CrossAttnDownBlock2D", "DownBlock2D"}},
                           {"up_block_types", {"UpBlock2D", "CrossAttnUpBlock2D"}},
                           {"layers_per_block", 1},
                           {"norm_num_groups", 4},
                           {"attention_head_dim", 2},
                           {"cross_attention_dim", 6}};
  config.update(options);
  return config;
}

/// An autoencoder of two blocks.
inline nlohmann::json tiny_vae_config(const nlohmann::json& options = nlohmann::json::object()) {
  nlohmann::json config = {{"_class_name", "AutoencoderKL"},
                           {"block_out_channels", {8, 16}},
                           {"down_block_types", {"DownEncoderBlock2D", "DownEncoderBlock2D"}},
                           {"up_block_types", {"UpDecoderBlock2D", "UpDecoderBlock2D"}},
                           {"norm_num_groups", 4}};
  config.update(options);
  return config;
}

/// A text encoder of two layers.
inline nlohmann::json tiny_text_config(const nlohmann::json& options = nlohmann::json::object()) {
  nlohmann::json config = {{"vocab_size", 20},         {"hidden_size", 8},
                           {"intermediate_size", 16},  {"num_hidden_layers", 2},
                           {"num_attention_heads", 2}, {"max_position_embeddings", 6}};
  config.update(options);
  return config;
}

}  // namespace fdbench
