// The configuration of a DiTTransformer2DModel, checked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace fdbench {

/// Names as in diffusers' config.json.
struct DiTConfig {
  std::int64_t num_attention_heads = 16, attention_head_dim = 72;
  std::int64_t in_channels = 4, out_channels = 4;
  std::int64_t num_layers = 28;
  /// Of a side of the latent and of a patch.
  std::int64_t sample_size = 32, patch_size = 2;
  /// Classes; the null class of guidance comes behind them.
  std::int64_t num_embeds_ada_norm = 1000;
  bool attention_bias = true, upcast_attention = false;
  /// activation_fn "gelu-approximate" (by the hyperbolic tangent) in place of "gelu".
  bool approximates_gelu = true;
  /// Of the second normalisation of a block; the others have 1e-6.
  double norm_eps = 1e-5;

  std::int64_t inner_dim() const { return num_attention_heads * attention_head_dim; }
};

/// True for the config.json of a DiTTransformer2DModel, also under the name that older versions of
/// diffusers gave it (Transformer2DModel with norm_type ada_norm_zero).
bool is_dit(const nlohmann::json& config);

/// Reads diffusers' config.json of either name, with the defaults of DiTTransformer2DModel, as
/// which diffusers 0.42.1 loads both. Throws a usage error for a wrong type and any option that is
/// not supported.
DiTConfig read_dit_config(const nlohmann::json& config, const std::filesystem::path& place);

}  // namespace fdbench
