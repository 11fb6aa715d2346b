#include "models/unet_config.h"

#include <algorithm>

#include "models/config_reader.h"

namespace fdbench {

using nlohmann::json;

namespace {

/// Options of diffusers that no SD 1.x, SD 2.x or SDXL configuration sets: only their defaults are
/// supported.
void refuse_other_options(ConfigReader& reader) {
  for (const char* key :
       {"encoder_hid_dim", "encoder_hid_dim_type", "num_attention_heads", "class_embed_type",
        "num_class_embeds", "time_embedding_act_fn", "timestep_post_act", "cross_attention_norm"}) {
    reader.only(key, nullptr);
  }
  for (const char* key :
       {"dual_cross_attention", "resnet_skip_time_act", "class_embeddings_concat"}) {
    reader.only(key, false);
  }
  reader.only("resnet_out_scale_factor", 1.0);
  reader.only("time_embedding_type", "positional");
  reader.only("attention_type", "default");
  // Of training.
  reader.any("dropout");
  // Of addition_embed_type 'text'
  reader.any("addition_embed_type_num_heads");
}

/// only_cross_attention: false, or a list of nothing else; mid_block_only_cross_attention: null or
/// false.
void refuse_only_cross_attention(ConfigReader& reader) {
  const json* only = reader.value("only_cross_attention");
  if (only != nullptr) {
    const json list = only->is_array() ? *only : json::array({*only});
    const bool all_false = std::all_of(list.begin(), list.end(), [](const json& entry) {
      return entry.is_boolean() && !entry.get<bool>();
    });
    if (!all_false) throw reader.unsupported("only_cross_attention", "false");
  }
  const json* mid = reader.value("mid_block_only_cross_attention");
  if (mid != nullptr && !mid->is_null()) reader.only("mid_block_only_cross_attention", false);
}

void read_sample_size(ConfigReader& reader, UNetConfig& config) {
  const json* size = reader.value("sample_size");
  if (size != nullptr && size->is_array()) {
    const auto sides = reader.positives("sample_size", {});
    if (sides.size() != 2) {
      throw reader.error("sample_size", "must be a whole number or [height, width]");
    }
    config.sample_height = sides[0];
    config.sample_width = sides[1];
  } else {
    config.sample_height = config.sample_width =
        reader.optional_positive("sample_size").value_or(0);
  }
}

std::int64_t odd_kernel(ConfigReader& reader, const std::string& key) {
  const std::int64_t kernel = reader.positive(key, 3);
  if (kernel % 2 == 0) throw reader.unsupported(key, "odd numbers");
  return kernel;
}

/// For each block whether it has cross-attention. types: {without, with}.
std::vector<bool> read_block_types(ConfigReader& reader, const std::string& key,
                                   const std::vector<std::string>& fallback,
                                   const std::vector<std::string>& types) {
  std::vector<bool> attention;
  for (const std::string& type : reader.texts(key, fallback)) {
    if (type != types[0] && type != types[1]) {
      throw reader.error(key, "'" + type + "' is not supported; fdbench supports " + types[0] +
                                  " and " + types[1]);
    }
    attention.push_back(type == types[1]);
  }
  return attention;
}

MidBlock read_mid_block(ConfigReader& reader) {
  const json* type = reader.value("mid_block_type");
  if (type == nullptr || *type == "UNetMidBlock2DCrossAttn") return MidBlock::kCrossAttention;
  if (type->is_null()) return MidBlock::kNone;
  if (*type == "UNetMidBlock2D") return MidBlock::kResnet;
  throw reader.unsupported("mid_block_type", "UNetMidBlock2DCrossAttn, UNetMidBlock2D and null");
}

using LayersOfBlocks = std::vector<std::vector<std::int64_t>>;

/// Transformer layers of each attention of each block; a block's entry is one number or a list.
LayersOfBlocks read_transformer_layers(ConfigReader& reader, const std::string& key,
                                       const std::vector<std::int64_t>& attentions) {
  const json* value = reader.value(key);
  const json all = value == nullptr ? json(1) : *value;
  if (all.is_array() && all.size() != attentions.size()) {
    throw reader.error(key, "has " + std::to_string(all.size()) + " entries for " +
                                std::to_string(attentions.size()) + " blocks");
  }
  LayersOfBlocks layers;
  for (std::size_t i = 0; i < attentions.size(); ++i) {
    const json& entry = all.is_array() ? all[i] : all;
    const auto count = static_cast<std::size_t>(attentions[i]);
    layers.push_back(reader.positives_of(key, entry, count, "attentions of a block"));
  }
  return layers;
}

void read_addition_embedding(ConfigReader& reader, UNetConfig& config) {
  const json* type = reader.value("addition_embed_type");
  const auto time_dim = reader.optional_positive("addition_time_embed_dim");
  const auto input_dim = reader.optional_positive("projection_class_embeddings_input_dim");
  if (type == nullptr || type->is_null()) return;
  if (*type != "text_time") throw reader.unsupported("addition_embed_type", "null and 'text_time'");
  if (!time_dim) throw reader.error("addition_time_embed_dim", "is needed with 'text_time'");
  if (!input_dim) {
    throw reader.error("projection_class_embeddings_input_dim", "is needed with 'text_time'");
  }
  config.addition_time_embed_dim = time_dim;
  config.projection_class_embeddings_input_dim = *input_dim;
}

/// What concerns each block: lists are in the order of the down blocks, as in diffusers.
class BlockLists {
 public:
  BlockLists(ConfigReader& reader, UNetConfig& config) : reader_(reader), config_(config) {
    const std::string down = "CrossAttnDownBlock2D", up = "CrossAttnUpBlock2D";
    down_ = read_block_types(reader, "down_block_types", {down, down, down, "DownBlock2D"},
                             {"DownBlock2D", down});
    up_ = read_block_types(reader, "up_block_types", {"UpBlock2D", up, up, up}, {"UpBlock2D", up});
    channels_ = reader.positives("block_out_channels", {320, 640, 1280, 1280});
    check_counts();
    config.norm_num_groups = reader.norm_num_groups(channels_);
    layers_ = reader.positives_for_each("layers_per_block", 2, down_.size());
    heads_ = reader.positives_for_each("attention_head_dim", 8, down_.size());
    read_transformers();
    config.mid_block = read_mid_block(reader);
    make_blocks();
    read_cross_attention_dim();
  }

 private:
  void check_counts() const {
    const std::string counts = " entries for " + std::to_string(down_.size()) + " down blocks";
    if (up_.size() != down_.size()) {
      throw reader_.error("up_block_types", "has " + std::to_string(up_.size()) + counts);
    }
    if (channels_.size() != down_.size()) {
      throw reader_.error("block_out_channels", "has " + std::to_string(channels_.size()) + counts);
    }
  }

  void read_transformers() {
    down_transformers_ = read_transformer_layers(reader_, "transformer_layers_per_block", layers_);
    std::vector<std::int64_t> up_attentions(layers_.rbegin(), layers_.rend());
    for (std::int64_t& count : up_attentions) ++count;
    const json* reverse = reader_.value("reverse_transformer_layers_per_block");
    if (reverse != nullptr && !reverse->is_null()) {
      up_transformers_ =
          read_transformer_layers(reader_, "reverse_transformer_layers_per_block", up_attentions);
      return;
    }
    const json* own = reader_.value("transformer_layers_per_block");
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const std::size_t down = layers_.size() - 1 - i;
      if (own != nullptr && own->is_array() && own->at(down).is_array()) {
        throw reader_.error("reverse_transformer_layers_per_block",
                            "is needed with nested lists in transformer_layers_per_block");
      }
      up_transformers_.emplace_back(static_cast<std::size_t>(up_attentions[i]),
                                    down_transformers_[down][0]);
    }
  }

  void check_heads(std::size_t i) const {
    if (heads_[i] <= channels_[i]) return;
    throw reader_.error("attention_head_dim", std::to_string(heads_[i]) + " heads for " +
                                                  std::to_string(channels_[i]) + " channels");
  }

  void make_blocks() {
    const std::size_t count = down_.size();
    for (std::size_t i = 0; i < count; ++i) {
      if (down_[i]) check_heads(i);
      config_.down_blocks.push_back(
          {channels_[i], layers_[i], down_[i], heads_[i], down_transformers_[i]});
    }
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t down = count - 1 - i;
      if (up_[i]) check_heads(down);
      config_.up_blocks.push_back(
          {channels_[down], layers_[down] + 1, up_[i], heads_[down], up_transformers_[i]});
    }
    if (config_.mid_block == MidBlock::kCrossAttention) check_heads(count - 1);
    config_.mid_heads = heads_.back();
    config_.mid_transformer_layers = down_transformers_.back()[0];
  }

  /// One text is shown to all blocks, so those with attention must agree on its width.
  void read_cross_attention_dim() {
    const std::size_t count = down_.size();
    const auto dims = reader_.positives_for_each("cross_attention_dim", 1280, count);
    config_.cross_attention_dim = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const bool mid = i == count - 1 && config_.mid_block == MidBlock::kCrossAttention;
      if (!down_[i] && !up_[count - 1 - i] && !mid) continue;
      if (config_.cross_attention_dim != 0 && dims[i] != config_.cross_attention_dim) {
        throw reader_.unsupported("cross_attention_dim", "one width for all blocks with attention");
      }
      config_.cross_attention_dim = dims[i];
    }
  }

  ConfigReader& reader_;
  UNetConfig& config_;
  std::vector<bool> down_, up_;
  std::vector<std::int64_t> channels_, layers_, heads_;
  LayersOfBlocks down_transformers_, up_transformers_;
};

bool read_scale_shift(ConfigReader& reader) {
  const std::string kind = reader.text("resnet_time_scale_shift", "default");
  if (kind != "default" && kind != "scale_shift") {
    throw reader.unsupported("resnet_time_scale_shift", "'default' and 'scale_shift'");
  }
  return kind == "scale_shift";
}

std::int64_t read_downsample_padding(ConfigReader& reader) {
  const double padding = reader.number("downsample_padding", 1);
  if (padding != 0 && padding != 1) throw reader.unsupported("downsample_padding", "0 and 1");
  return static_cast<std::int64_t>(padding);
}

/// What UNets and control networks have in common.
UNetConfig read_common(ConfigReader& reader) {
  UNetConfig config;
  refuse_other_options(reader);
  refuse_only_cross_attention(reader);
  read_sample_size(reader, config);
  config.in_channels = reader.positive("in_channels", 4);
  config.flip_sin_to_cos = reader.boolean("flip_sin_to_cos", true);
  config.freq_shift = reader.number("freq_shift", 0);
  config.mid_block_scale_factor = reader.number("mid_block_scale_factor", 1);
  config.downsample_padding = read_downsample_padding(reader);
  config.use_linear_projection = reader.boolean("use_linear_projection", false);
  config.upcast_attention = reader.boolean("upcast_attention", false);
  config.activation = reader.activation("act_fn", "silu");
  config.scale_shift = read_scale_shift(reader);
  config.norm_eps = reader.number("norm_eps", 1e-5);
  BlockLists(reader, config);
  read_addition_embedding(reader, config);
  config.time_embedding_dim = 4 * config.down_blocks[0].channels;
  return config;
}

/// A control network's down blocks, with as many up blocks as a UNet would have.
json with_up_blocks(const json& config) {
  constexpr std::size_t kUsualCount = 4;
  json whole = config;
  if (!config.is_object()) return whole;
  const json types = config.value("down_block_types", json());
  const std::size_t count = types.is_array() ? types.size() : kUsualCount;
  whole["up_block_types"] = json(std::vector<std::string>(count, "UpBlock2D"));
  return whole;
}

}  // namespace

UNetConfig read_unet_config(const json& json_config, const std::filesystem::path& place) {
  ConfigReader reader(json_config, place, "UNet2DConditionModel");
  UNetConfig config = read_common(reader);
  config.out_channels = reader.positive("out_channels", 4);
  config.conv_in_kernel = odd_kernel(reader, "conv_in_kernel");
  config.conv_out_kernel = odd_kernel(reader, "conv_out_kernel");
  config.center_input_sample = reader.boolean("center_input_sample", false);
  config.time_embedding_dim =
      reader.optional_positive("time_embedding_dim").value_or(config.time_embedding_dim);
  config.time_cond_proj_dim = reader.optional_positive("time_cond_proj_dim").value_or(0);
  reader.finish();
  return config;
}

UNetConfig read_controlnet_config(const json& json_config, const std::filesystem::path& place) {
  const json whole = with_up_blocks(json_config);
  ConfigReader reader(whole, place, "ControlNetModel");
  UNetConfig config = read_common(reader);
  if (config.mid_block == MidBlock::kNone) {
    throw reader.unsupported("mid_block_type", "UNetMidBlock2DCrossAttn and UNetMidBlock2D");
  }
  ControlConfig& control = config.control.emplace();
  control.conditioning_channels = reader.positive("conditioning_channels", 3);
  control.embedding_widths =
      reader.positives("conditioning_embedding_out_channels", {16, 32, 96, 256});
  const std::string order = reader.text("controlnet_conditioning_channel_order", "rgb");
  if (order != "rgb" && order != "bgr") {
    throw reader.unsupported("controlnet_conditioning_channel_order", "'rgb' and 'bgr'");
  }
  control.is_bgr = order == "bgr";
  control.global_pool_conditions = reader.boolean("global_pool_conditions", false);
  reader.finish();
  return config;
}

}  // namespace fdbench
