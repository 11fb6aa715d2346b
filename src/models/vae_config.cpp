#include "models/vae_config.h"

#include <algorithm>
#include <string>
#include <utility>

#include "models/config_reader.h"

namespace fdbench {
namespace {

/// All of `key`'s block types must be `type`. -> their number.
std::size_t count_blocks(ConfigReader& reader, const std::string& key, const std::string& type) {
  const std::vector<std::string> types = reader.texts(key, {type});
  const bool known = std::all_of(types.begin(), types.end(),
                                 [&](const std::string& other) { return other == type; });
  if (!known) throw reader.unsupported(key, "a list of '" + type + "'");
  return types.size();
}

/// A number for each latent channel; empty for null and for a missing key.
std::vector<float> channel_numbers(ConfigReader& reader, const std::string& key,
                                   std::int64_t channels) {
  const nlohmann::json* found = reader.value(key);
  if (found == nullptr || found->is_null()) return {};
  std::vector<float> numbers;
  for (const nlohmann::json& number : *found) {
    if (number.is_number()) numbers.push_back(number.get<float>());
  }
  const bool all = found->is_array() && numbers.size() == found->size();
  if (all && static_cast<std::int64_t>(numbers.size()) == channels) return numbers;
  throw reader.error(key, "must be null or a list of " + std::to_string(channels) +
                              " numbers, one for each latent channel, not " + found->dump());
}

}  // namespace

VaeConfig read_vae_config(const nlohmann::json& json, const std::filesystem::path& place) {
  ConfigReader reader(json, place, "AutoencoderKL");
  VaeConfig config;
  config.in_channels = reader.positive("in_channels", 3);
  config.out_channels = reader.positive("out_channels", 3);
  config.latent_channels = reader.positive("latent_channels", 4);
  config.block_out_channels = reader.positives("block_out_channels", {64});
  for (const auto& [key, type] : {std::pair{"down_block_types", "DownEncoderBlock2D"},
                                  std::pair{"up_block_types", "UpDecoderBlock2D"}}) {
    if (count_blocks(reader, key, type) == config.block_out_channels.size()) continue;
    throw reader.error(key, "must have as many entries as block_out_channels");
  }
  config.layers_per_block = reader.positive("layers_per_block", 1);
  config.norm_num_groups = reader.norm_num_groups(config.block_out_channels);
  config.activation = reader.activation("act_fn", "silu");
  config.scaling_factor = reader.number("scaling_factor", 0.18215);
  if (config.scaling_factor == 0) throw reader.error("scaling_factor", "must not be 0");
  config.shift_factor = reader.optional_number("shift_factor").value_or(0);
  config.force_upcast = reader.boolean("force_upcast", true);
  config.use_quant_conv = reader.boolean("use_quant_conv", true);
  config.use_post_quant_conv = reader.boolean("use_post_quant_conv", true);
  config.mid_block_add_attention = reader.boolean("mid_block_add_attention", true);
  config.latents_mean = channel_numbers(reader, "latents_mean", config.latent_channels);
  config.latents_std = channel_numbers(reader, "latents_std", config.latent_channels);
  if (config.latents_mean.empty() || config.latents_std.empty()) {
    // diffusers uses them only together
    config.latents_mean.clear();
    config.latents_std.clear();
  }
  // Of training.
  reader.any("sample_size");
  reader.finish();
  return config;
}

}  // namespace fdbench
