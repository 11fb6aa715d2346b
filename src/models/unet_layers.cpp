#include "models/unet_layers.h"

#include <algorithm>
#include <string>
#include <utility>

#include "models/counting_weights.h"

namespace fdbench {
namespace {

/// Adds layer after layer; knows the channels of each and the skips that wait for the up blocks.
class GraphBuilder {
 public:
  GraphBuilder(const UNetConfig& config, Weights& weights) : config_(config), weights_(weights) {}

  UNetGraph build() { return config_.control ? build_control() : build_unet(); }

 private:
  UNetGraph build_unet() {
    add_conv_in();
    for (std::size_t i = 0; i < config_.down_blocks.size(); ++i) add_down_block(i);
    add_mid_block();
    for (std::size_t i = 0; i < config_.up_blocks.size(); ++i) add_up_block(i);
    add_conv_out();
    return std::move(graph_);
  }

  UNetGraph build_control() {
    begin_block("conv_in", parts::kControl);
    add("conv_in", {kSample}, control_in_maker(config_, map_size()),
        config_.down_blocks[0].channels);
    skips_.push_back(last());
    for (std::size_t i = 0; i < config_.down_blocks.size(); ++i) add_down_block(i);
    add_mid_block();
    const int mid = last();
    for (std::size_t i = 0; i < skips_.size(); ++i) {
      add_control_out("controlnet_down_blocks", std::to_string(i), skips_[i]);
    }
    add_control_out("controlnet_mid_block", "controlnet_mid_block", mid);
    return std::move(graph_);
  }

  /// The residual that is made of layer `of`.
  void add_control_out(const std::string& block, const std::string& name, int of) {
    begin_block(block, parts::kControl);
    level_ = graph_.layers[static_cast<std::size_t>(of)].level;
    const std::int64_t channels = channels_[static_cast<std::size_t>(of)];
    const std::string key = block == name ? name : key_of(name);
    add(name, {of},
        control_out_maker(key, channels, config_.control->global_pool_conditions, map_size()),
        channels);
  }

  /// name: within the block; channels: of the output.
  void add(const std::string& name, std::vector<Edge> inputs, UNetModuleMaker make,
           std::int64_t channels) {
    UNetModule module = make(weights_);
    graph_.infos.push_back({.name = block_ == name ? name : key_of(name),
                            .block = block_,
                            .part = part_,
                            .inputs = std::move(inputs),
                            .reads = conditioning_of(module)});
    graph_.layers.push_back({std::move(module), std::move(make), level_, channels});
    graph_.num_parameters.push_back(weights_.count());
    channels_.push_back(channels);
  }
  std::string key_of(const std::string& name) const { return block_ + "." + name; }

  /// What the module reads of the conditioning, by way of the time embedding or the text.
  std::vector<std::string> conditioning_of(const UNetModule& module) const {
    std::vector<std::string> names;
    if (std::holds_alternative<Transformer2DModel>(module)) names = {"encoder_hidden_states"};
    if (std::holds_alternative<ControlIn>(module)) names = {"controlnet_cond"};
    if (std::holds_alternative<ResnetBlock2D>(module)) {
      if (config_.addition_time_embed_dim) names = {"text_embeds", "time_ids"};
      if (config_.time_cond_proj_dim > 0) names.push_back("timestep_cond");
    }
    return names;
  }

  /// Of the feature maps at this level, for a latent of the configured size.
  FeatureMapSize map_size() const {
    return {side(config_.sample_height), side(config_.sample_width)};
  }
  std::int64_t side(std::int64_t sample_side) const {
    constexpr std::int64_t kUsual = 64;
    const std::int64_t whole = sample_side > 0 ? sample_side : kUsual;
    return std::max<std::int64_t>(side_at_level(whole, level_, config_.downsample_padding), 1);
  }
  int last() const { return static_cast<int>(channels_.size()) - 1; }

  void begin_block(const std::string& block, const char* part) {
    block_ = block;
    part_ = config_.control ? parts::kControl : part;
  }

  void add_conv_in() {
    begin_block("conv_in", parts::kEncoder);
    add("conv_in", {kSample}, conv_in_maker(config_, map_size()), config_.down_blocks[0].channels);
    skips_.push_back(last());
  }

  /// inputs: {previous} or {previous, skip}, which are joined along the channels.
  void add_resnet(std::size_t index, std::vector<Edge> inputs, std::int64_t out_channels,
                  double output_scale_factor = 1) {
    ResnetOptions options;
    for (const Edge& input : inputs) {
      options.in_channels += channels_[input.layer];
      if (input.kind == EdgeKind::kSkip) options.skip_channels += channels_[input.layer];
    }
    options.out_channels = out_channels;
    options.emb_channels = config_.time_embedding_dim;
    options.norm_num_groups = config_.norm_num_groups;
    options.norm_eps = config_.norm_eps;
    options.activation = config_.activation;
    options.scale_shift = config_.scale_shift;
    options.output_scale_factor = output_scale_factor;
    const std::string name = "resnets." + std::to_string(index);
    add(name, std::move(inputs), resnet_maker(key_of(name), options, map_size()), out_channels);
  }

  void add_attention(std::size_t index, std::int64_t heads, std::int64_t num_layers) {
    TransformerOptions options;
    options.channels = channels_.back();
    options.heads = heads;
    options.num_layers = num_layers;
    options.cross_attention_dim = config_.cross_attention_dim;
    options.norm_num_groups = config_.norm_num_groups;
    options.use_linear_projection = config_.use_linear_projection;
    options.upcast_attention = config_.upcast_attention;
    const std::string name = "attentions." + std::to_string(index);
    add(name, {last()}, transformer_maker(key_of(name), options), channels_.back());
  }

  void add_down_block(std::size_t i) {
    const UNetBlockConfig& block = config_.down_blocks[i];
    begin_block("down_blocks." + std::to_string(i), parts::kEncoder);
    for (std::size_t j = 0; j < static_cast<std::size_t>(block.num_resnets); ++j) {
      add_resnet(j, {last()}, block.channels);
      if (block.attention) add_attention(j, block.heads, block.transformer_layers[j]);
      skips_.push_back(last());
    }
    if (i + 1 == config_.down_blocks.size()) return;
    ++level_;
    const FeatureMapSize output = map_size();
    const std::string name = "downsamplers.0";
    add(name, {last()},
        downsample_maker(key_of(name), block.channels, config_.downsample_padding,
                         {2 * output.height, 2 * output.width}),
        block.channels);
    skips_.push_back(last());
  }

  void add_mid_block() {
    if (config_.mid_block == MidBlock::kNone) return;
    begin_block("mid_block", parts::kBottleneck);
    const std::int64_t channels = channels_.back();
    add_resnet(0, {last()}, channels, config_.mid_block_scale_factor);
    if (config_.mid_block == MidBlock::kResnet) return;
    add_attention(0, config_.mid_heads, config_.mid_transformer_layers);
    add_resnet(1, {last()}, channels, config_.mid_block_scale_factor);
  }

  void add_up_block(std::size_t i) {
    const UNetBlockConfig& block = config_.up_blocks[i];
    begin_block("up_blocks." + std::to_string(i), parts::kDecoder);
    for (std::size_t j = 0; j < static_cast<std::size_t>(block.num_resnets); ++j) {
      const int skip = skips_.back();
      skips_.pop_back();
      add_resnet(j, {last(), {skip, EdgeKind::kSkip}}, block.channels);
      if (block.attention) add_attention(j, block.heads, block.transformer_layers[j]);
    }
    if (i + 1 == config_.up_blocks.size()) return;
    --level_;
    const std::string name = "upsamplers.0";
    add(name, {last()}, upsample_maker(key_of(name), block.channels, map_size()), block.channels);
  }

  void add_conv_out() {
    begin_block("conv_out", parts::kDecoder);
    const UNetModuleMaker make = conv_out_maker(config_, channels_.back(), map_size());
    add("conv_out", {last()}, make, config_.out_channels);
  }

  const UNetConfig& config_;
  CountingWeights weights_;
  UNetGraph graph_;
  /// Of each layer's output.
  std::vector<std::int64_t> channels_;
  /// Layers whose outputs the up blocks take, last first.
  std::vector<int> skips_;
  std::string block_;
  const char* part_ = parts::kEncoder;
  std::int64_t level_ = 0;
};

}  // namespace

UNetGraph make_unet_graph(const UNetConfig& config, Weights& weights) {
  return GraphBuilder(config, weights).build();
}

std::int64_t side_at_level(std::int64_t side, std::int64_t level, std::int64_t downsample_padding) {
  for (; level > 0; --level) side = halved(side, downsample_padding);
  return side;
}

}  // namespace fdbench
