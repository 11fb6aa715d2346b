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

  UNetGraph build() {
    add_conv_in();
    for (std::size_t i = 0; i < config_.down_blocks.size(); ++i) add_down_block(i);
    add_mid_block();
    for (std::size_t i = 0; i < config_.up_blocks.size(); ++i) add_up_block(i);
    add_conv_out();
    return std::move(graph_);
  }

 private:
  /// make: Weights& -> Module, packed; holds all that it needs, since it may be called again when
  /// the builder is gone.
  template <typename Make>
  void add(const std::string& name, std::vector<Edge> inputs, Make make, std::int64_t channels) {
    auto module = make(weights_);
    using Module = decltype(module);
    graph_.infos.push_back({block_ == name ? name : block_ + "." + name, block_, part_,
                            std::move(inputs), conditioning_of(static_cast<Module*>(nullptr))});
    graph_.layers.push_back({std::move(module), std::move(make), level_, channels});
    graph_.num_parameters.push_back(weights_.count());
    channels_.push_back(channels);
  }
  /// What a layer of this kind reads of the conditioning, by way of the time embedding or the text.
  template <typename Module>
  std::vector<std::string> conditioning_of(const Module*) const {
    if constexpr (std::is_same_v<Module, Transformer2DModel>) return {"encoder_hidden_states"};
    if constexpr (std::is_same_v<Module, ResnetBlock2D>) {
      std::vector<std::string> names;
      if (config_.addition_time_embed_dim) names = {"text_embeds", "time_ids"};
      if (config_.time_cond_proj_dim > 0) names.push_back("timestep_cond");
      return names;
    }
    return {};
  }
  /// Of the feature maps at this level, for a latent of the configured size.
  std::int64_t height() const { return side(config_.sample_height); }
  std::int64_t width() const { return side(config_.sample_width); }
  std::int64_t side(std::int64_t sample_side) const {
    constexpr std::int64_t kUsual = 64;
    const std::int64_t whole = sample_side > 0 ? sample_side : kUsual;
    return std::max<std::int64_t>(side_at_level(whole, level_, config_.downsample_padding), 1);
  }
  int last() const { return static_cast<int>(channels_.size()) - 1; }

  void begin_block(const std::string& block, const char* part) {
    block_ = block;
    part_ = part;
  }

  void add_conv_in() {
    begin_block("conv_in", parts::kEncoder);
    const std::int64_t channels = config_.down_blocks[0].channels;
    const auto make = [in_channels = config_.in_channels, channels, kernel = config_.conv_in_kernel,
                       center = config_.center_input_sample, height = height(),
                       width = width()](Weights& weights) {
      ConvIn in{Conv2d(WeightScope(weights, "conv_in"), in_channels, channels, kernel), center};
      in.conv.pack(height, width);
      return in;
    };
    add("conv_in", {kSample}, make, channels);
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
    const auto make = [key = block_ + "." + name, options, height = height(),
                       width = width()](Weights& weights) {
      ResnetBlock2D resnet(WeightScope(weights, key), options);
      resnet.pack(height, width);
      return resnet;
    };
    add(name, std::move(inputs), make, out_channels);
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
    const auto make = [key = block_ + "." + name, options](Weights& weights) {
      Transformer2DModel transformer(WeightScope(weights, key), options);
      transformer.pack();
      return transformer;
    };
    add(name, {last()}, make, channels_.back());
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
    const std::string name = "downsamplers.0";
    const auto make = [key = block_ + "." + name, channels = block.channels,
                       padding = config_.downsample_padding, height = 2 * height(),
                       width = 2 * width()](Weights& weights) {
      Downsample2D downsample(WeightScope(weights, key), channels, padding);
      downsample.conv.pack(height, width);
      return downsample;
    };
    add(name, {last()}, make, block.channels);
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
    const auto make = [key = block_ + "." + name, channels = block.channels, height = height(),
                       width = width()](Weights& weights) {
      Upsample2D upsample(WeightScope(weights, key), channels);
      upsample.conv.pack(height, width);
      return upsample;
    };
    add(name, {last()}, make, block.channels);
  }

  void add_conv_out() {
    begin_block("conv_out", parts::kDecoder);
    const std::int64_t channels = channels_.back();
    const auto make = [channels, out_channels = config_.out_channels,
                       groups = config_.norm_num_groups, eps = config_.norm_eps,
                       activation = config_.activation, kernel = config_.conv_out_kernel,
                       height = height(), width = width()](Weights& weights) {
      ConvOut out{GroupNorm(WeightScope(weights, "conv_norm_out"), channels, groups, eps),
                  activation,
                  Conv2d(WeightScope(weights, "conv_out"), channels, out_channels, kernel)};
      out.conv.pack(height, width);
      return out;
    };
    add("conv_out", {last()}, make, config_.out_channels);
  }

  const UNetConfig& config_;
  CountingWeights weights_;
  UNetGraph graph_;
  std::vector<std::int64_t> channels_;  // of each layer's output
  std::vector<int> skips_;              // layers whose outputs the up blocks take, last first
  std::string block_;
  const char* part_ = parts::kEncoder;
  std::int64_t level_ = 0;
};

}  // namespace

const UNetModule& UnreadLayers::read(std::size_t index, const UNetLayer& layer) {
  const std::lock_guard lock(mutex_);
  std::optional<UNetModule>& module = modules_[index];
  if (!module) {
    module = layer.make(*weights_);
    if (--num_unread_ == 0) weights_.reset();
  }
  return *module;
}

UNetGraph make_unet_graph(const UNetConfig& config, Weights& weights) {
  return GraphBuilder(config, weights).build();
}

std::int64_t side_at_level(std::int64_t side, std::int64_t level, std::int64_t downsample_padding) {
  for (; level > 0; --level) side = halved(side, downsample_padding);
  return side;
}

}  // namespace fdbench
