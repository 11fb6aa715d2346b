#include "transformers/dit_layers.h"

#include <algorithm>
#include <string>
#include <utility>

#include "kernels/batch.h"

namespace fdbench {
namespace {

/// Width of the sinusoids of a timestep, and what diffusers takes off the number of frequencies.
constexpr std::int64_t kTimeChannels = 256;
constexpr double kFreqShift = 1;
/// Of the first normalisation of a block and of the last one.
constexpr double kNormEps = 1e-6;
/// Width of the feed-forward in widths of the block.
constexpr std::int64_t kWidening = 4;

std::string block_key(std::size_t block) { return "transformer_blocks." + std::to_string(block); }

/// How a step changes tokens, [m, 1, D] each.
struct Modulation {
  at::Tensor shift, scale;
};

/// layer_norm(x) (1 + scale) + shift -> [batch, tokens, D].
at::Tensor normalised(const at::Tensor& x, const Modulation& by, double eps, std::int64_t batch) {
  const at::Tensor norm = at::layer_norm(x, {x.size(-1)}, {}, {}, eps);
  return at::addcmul(by.shift, repeat_batch(norm, batch), 1 + by.scale);
}

/// The layer's shifts, scales and gates: [m, D] -> `count` of [1 or batch, 1, D].
std::vector<at::Tensor> modulations(const Linear& layer, const at::Tensor& emb, std::int64_t count,
                                    std::int64_t batch) {
  const at::Tensor all = layer(emb);
  return (all.size(0) == 1 ? all : repeat_batch(all, batch)).unsqueeze(1).chunk(count, -1);
}

AttentionOptions attention_options(const DiTConfig& config) {
  AttentionOptions options;
  options.query_dim = options.context_dim = options.inner_dim = config.inner_dim();
  options.heads = config.num_attention_heads;
  options.bias = config.attention_bias;
  options.upcast = config.upcast_attention;
  return options;
}

/// A convolution whose kernel is a patch, as the linear map of a patch's numbers that it is.
Linear patch_projection(const WeightScope& scope, const DiTConfig& config) {
  const std::int64_t side = config.patch_size, dim = config.inner_dim();
  Linear linear;
  linear.weight = scope.take("weight", {dim, config.in_channels, side, side}).flatten(1);
  linear.bias = scope.take("bias", {dim});
  return linear;
}

}  // namespace

DiTEmbedder::DiTEmbedder(const WeightScope& scope, const DiTConfig& config)
    : time(scope / "timestep_embedder", kTimeChannels, config.inner_dim(), Activation::kSilu),
      classes((scope / "class_embedder" / "embedding_table")
                  .take("weight", {config.num_embeds_ada_norm + 1, config.inner_dim()})) {}

at::Tensor DiTEmbedder::operator()(const at::Tensor& timesteps, const at::Tensor& labels) const {
  const Timesteps sinusoids{kTimeChannels, /*flip_sin_to_cos=*/true, kFreqShift};
  const at::Tensor times = time(sinusoids(timesteps).to(classes.scalar_type()));
  const at::Tensor chosen = classes.index_select(0, labels);
  const std::int64_t batch = std::max(times.size(0), chosen.size(0));
  at::Tensor emb = repeat_batch(times, batch) + repeat_batch(chosen, batch);
  return at::silu_(emb);
}

bool DiTEmbedder::equals(const DiTEmbedder& other) const {
  if (classes.is_meta()) return true;
  const auto same = [](const Linear& a, const Linear& b) {
    return at::equal(a.weight, b.weight) && at::equal(a.bias, b.bias);
  };
  return same(time.linear_1, other.time.linear_1) && same(time.linear_2, other.time.linear_2) &&
         at::equal(classes, other.classes);
}

std::int64_t DiTEmbedder::multiply_adds() const {
  return time.linear_1.multiply_adds(1) + time.linear_2.multiply_adds(1);
}

DiTEmbedders::DiTEmbedders(Weights& weights, const DiTConfig& config) {
  for (std::size_t block = 0; block < static_cast<std::size_t>(config.num_layers); ++block) {
    const WeightScope scope = WeightScope(weights, block_key(block)) / "norm1" / "emb";
    const bool is_there = scope.contains("timestep_embedder.linear_1.weight");
    if (block > 0 && !is_there) {
      of_block_.push_back(0);
      continue;
    }
    DiTEmbedder own(scope, config);
    const auto found = std::find_if(distinct_.begin(), distinct_.end(),
                                    [&](const DiTEmbedder& known) { return known.equals(own); });
    of_block_.push_back(static_cast<std::size_t>(found - distinct_.begin()));
    if (found == distinct_.end()) distinct_.push_back(std::move(own));
  }
}

std::int64_t DiTEmbedders::num_parameters() const {
  std::int64_t count = 0;
  for (const DiTEmbedder& embedder : distinct_) {
    const TimestepEmbedding& time = embedder.time;
    for (const at::Tensor& tensor : {time.linear_1.weight, time.linear_1.bias, time.linear_2.weight,
                                     time.linear_2.bias, embedder.classes}) {
      count += tensor.numel();
    }
  }
  return count;
}

DiTPatches::DiTPatches(const WeightScope& scope, const DiTConfig& config)
    : proj(patch_projection(scope / "proj", config)), patch_size(config.patch_size) {
  proj.pack();
}

at::Tensor DiTPatches::operator()(const DiTLayerInput& input) const {
  const at::Tensor sample = input.x.to(input.positions.device(), input.positions.scalar_type());
  const std::int64_t batch = sample.size(0), channels = sample.size(1), side = input.side;
  const at::Tensor patches = sample.reshape({batch, channels, side, patch_size, side, patch_size})
                                 .permute({0, 2, 4, 1, 3, 5})
                                 .reshape({batch, side * side, channels * patch_size * patch_size});
  return proj(patches, input.positions.expand({batch, -1, -1}));
}

DiTBlock::DiTBlock(const WeightScope& scope, const DiTConfig& config)
    : modulation(scope / "norm1" / "linear", config.inner_dim(), 6 * config.inner_dim()),
      attn1(scope / "attn1", attention_options(config)),
      proj_in(scope / "ff.net.0.proj", config.inner_dim(), kWidening * config.inner_dim()),
      proj_out(scope / "ff.net.2", kWidening * config.inner_dim(), config.inner_dim()),
      approximates_gelu(config.approximates_gelu),
      norm_eps(config.norm_eps) {
  for (Linear* layer : {&modulation, &proj_in, &proj_out}) layer->pack();
  attn1.pack();
}

at::Tensor DiTBlock::operator()(const DiTLayerInput& input) const {
  const at::Tensor& x = input.x;
  const std::int64_t batch = std::max(x.size(0), input.emb.size(0));
  const std::vector<at::Tensor> parts = modulations(modulation, input.emb, 6, batch);
  const at::Tensor own = normalised(x, {parts[0], parts[1]}, kNormEps, batch);
  const at::Tensor attended = attn1(own, attn1.keys_and_values(own), {});
  const at::Tensor h = at::addcmul(repeat_batch(x, batch), parts[2], attended);
  at::Tensor wide = proj_in(normalised(h, {parts[3], parts[4]}, norm_eps, batch));
  at::gelu_(wide, approximates_gelu ? "tanh" : "none");
  return at::addcmul(h, parts[5], proj_out(wide));
}

std::int64_t DiTBlock::multiply_adds(std::int64_t batch, std::int64_t tokens) const {
  const std::int64_t rows = batch * tokens;
  return modulation.multiply_adds(batch) + attn1.multiply_adds(batch, tokens, tokens) +
         proj_in.multiply_adds(rows) + proj_out.multiply_adds(rows);
}

DiTHead::DiTHead(const WeightScope& scope, const DiTConfig& config)
    : modulation(scope / "proj_out_1", config.inner_dim(), 2 * config.inner_dim()),
      proj(scope / "proj_out_2", config.inner_dim(),
           config.patch_size * config.patch_size * config.out_channels),
      patch_size(config.patch_size) {
  for (Linear* layer : {&modulation, &proj}) layer->pack();
}

at::Tensor DiTHead::operator()(const DiTLayerInput& input) const {
  const std::int64_t batch = std::max(input.x.size(0), input.emb.size(0)), side = input.side;
  const std::vector<at::Tensor> parts = modulations(modulation, input.emb, 2, batch);
  const at::Tensor patches = proj(normalised(input.x, {parts[0], parts[1]}, kNormEps, batch));
  return patches.reshape({batch, side, side, patch_size, patch_size, -1})
      .permute({0, 5, 1, 3, 2, 4})
      .reshape({batch, -1, side * patch_size, side * patch_size});
}

DiTModule make_dit_layer(Weights& weights, const DiTConfig& config, std::size_t index) {
  const WeightScope scope(weights);
  if (index == 0) return DiTPatches(scope / "pos_embed", config);
  if (index > static_cast<std::size_t>(config.num_layers)) return DiTHead(scope, config);
  return DiTBlock(scope / block_key(index - 1), config);
}

}  // namespace fdbench
