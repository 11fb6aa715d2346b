#include "transformers/dit_config.h"

#include <string>

#include "models/config_reader.h"

namespace fdbench {

using nlohmann::json;

namespace {

constexpr const char* kClass = "DiTTransformer2DModel";
constexpr const char* kOldClass = "Transformer2DModel";
constexpr const char* kNormType = "ada_norm_zero";

/// Which of both names a file gives.
std::string class_name_of(const json& config) {
  return is_dit(config) ? config["_class_name"] : kClass;
}

/// Options of the class under its old name, which DiT does not use.
void refuse_other_options(ConfigReader& reader) {
  for (const char* key : {"cross_attention_dim", "num_vector_embeds", "caption_channels",
                          "interpolation_scale", "use_additional_conditions"}) {
    reader.only(key, nullptr);
  }
  for (const char* key :
       {"use_linear_projection", "only_cross_attention", "double_self_attention"}) {
    reader.only(key, false);
  }
  reader.only("attention_type", "default");
  reader.only("norm_type", kNormType);
  reader.only("norm_elementwise_affine", false);
  // Of training, and of group norms, which no block has.
  reader.any("dropout");
  reader.any("norm_num_groups");
}

bool read_activation(ConfigReader& reader) {
  const std::string name = reader.text("activation_fn", "gelu-approximate");
  if (name != "gelu-approximate" && name != "gelu") {
    throw reader.unsupported("activation_fn", "'gelu-approximate' and 'gelu'");
  }
  return name == "gelu-approximate";
}

}  // namespace

bool is_dit(const json& config) {
  if (!config.is_object()) return false;
  const json name = config.value("_class_name", json());
  return name == kClass || (name == kOldClass && config.value("norm_type", json()) == kNormType);
}

DiTConfig read_dit_config(const json& json_config, const std::filesystem::path& place) {
  ConfigReader reader(json_config, place, class_name_of(json_config));
  DiTConfig config;
  refuse_other_options(reader);
  config.num_attention_heads = reader.positive("num_attention_heads", 16);
  config.attention_head_dim = reader.positive("attention_head_dim", 72);
  config.in_channels = reader.positive("in_channels", 4);
  config.out_channels = reader.optional_positive("out_channels").value_or(config.in_channels);
  config.num_layers = reader.positive("num_layers", 28);
  config.sample_size = reader.positive("sample_size", 32);
  config.patch_size = reader.positive("patch_size", 2);
  config.num_embeds_ada_norm = reader.positive("num_embeds_ada_norm", 1000);
  config.attention_bias = reader.boolean("attention_bias", true);
  config.upcast_attention = reader.boolean("upcast_attention", false);
  config.approximates_gelu = read_activation(reader);
  config.norm_eps = reader.number("norm_eps", 1e-5);
  if (config.inner_dim() % 4 != 0) {
    throw reader.error("attention_head_dim",
                       "makes a width of " + std::to_string(config.inner_dim()) +
                           " with 'num_attention_heads'; the table of positions needs a multiple "
                           "of 4");
  }
  if (config.patch_size > config.sample_size) {
    throw reader.error("patch_size", std::to_string(config.patch_size) +
                                         " is more than a side of the latent ('sample_size': " +
                                         std::to_string(config.sample_size) + ")");
  }
  reader.finish();
  return config;
}

}  // namespace fdbench
