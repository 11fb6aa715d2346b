#include "nn/transformer.h"

namespace fdbench {
namespace {

AttentionOptions attention_options(const TransformerOptions& options, std::int64_t context_dim) {
  AttentionOptions attention;
  attention.query_dim = attention.inner_dim = options.inner_dim();
  attention.context_dim = context_dim;
  attention.heads = options.heads;
  attention.upcast = options.upcast_attention;
  return attention;
}

Linear projection(const WeightScope& scope, std::int64_t in, std::int64_t out, bool linear) {
  return linear ? Linear(scope, in, out) : Linear::from_conv(scope, in, out);
}

}  // namespace

FeedForward::FeedForward(const WeightScope& scope, std::int64_t dim)
    : proj_in(scope / "net.0.proj", dim, 8 * dim), proj_out(scope / "net.2", 4 * dim, dim) {}

at::Tensor FeedForward::operator()(const at::Tensor& x) const {
  const auto halves = proj_in(x).chunk(2, -1);
  return proj_out(at::gelu(halves[1]).mul_(halves[0]));
}

BasicTransformerBlock::BasicTransformerBlock(const WeightScope& scope,
                                             const TransformerOptions& options)
    : norm1(scope / "norm1", options.inner_dim()),
      norm2(scope / "norm2", options.inner_dim()),
      norm3(scope / "norm3", options.inner_dim()),
      attn1(scope / "attn1", attention_options(options, options.inner_dim())),
      attn2(scope / "attn2", attention_options(options, options.cross_attention_dim)),
      ff(scope / "ff", options.inner_dim()) {}

at::Tensor BasicTransformerBlock::operator()(const at::Tensor& x, const at::Tensor& text) const {
  const at::Tensor own = norm1(x);
  at::Tensor h = attn1(own, own).add_(x);
  h = attn2(norm2(h), text).add_(h);
  return ff(norm3(h)).add_(h);
}

std::int64_t BasicTransformerBlock::multiply_adds(std::int64_t batch, std::int64_t pixels,
                                                  std::int64_t text_tokens) const {
  const std::int64_t rows = batch * pixels;
  return attn1.multiply_adds(batch, pixels, pixels) +
         attn2.multiply_adds(batch, pixels, text_tokens) + ff.proj_in.multiply_adds(rows) +
         ff.proj_out.multiply_adds(rows);
}

Transformer2DModel::Transformer2DModel(const WeightScope& scope, const TransformerOptions& options)
    : norm(scope / "norm", options.channels, options.norm_num_groups, 1e-6),
      proj_in(projection(scope / "proj_in", options.channels, options.inner_dim(),
                         options.use_linear_projection)),
      proj_out(projection(scope / "proj_out", options.inner_dim(), options.channels,
                          options.use_linear_projection)) {
  for (std::int64_t i = 0; i < options.num_layers; ++i) {
    transformer_blocks.emplace_back(scope / "transformer_blocks" / i, options);
  }
}

at::Tensor Transformer2DModel::operator()(const at::Tensor& x, const at::Tensor& text) const {
  const std::int64_t batch = x.size(0), height = x.size(2), width = x.size(3);
  at::Tensor h = norm(x).permute({0, 2, 3, 1}).reshape({batch, height * width, x.size(1)});
  h = proj_in(h);
  for (const BasicTransformerBlock& block : transformer_blocks) h = block(h, text);
  h = proj_out(h).view({batch, height, width, x.size(1)}).permute({0, 3, 1, 2});
  // Channels first again: a mixture of memory layouts took 12% longer.
  return h.contiguous().add_(x);
}

std::int64_t Transformer2DModel::multiply_adds(std::int64_t batch, std::int64_t pixels,
                                               std::int64_t text_tokens) const {
  const std::int64_t rows = batch * pixels;
  std::int64_t sum = proj_in.multiply_adds(rows) + proj_out.multiply_adds(rows);
  for (const BasicTransformerBlock& block : transformer_blocks) {
    sum += block.multiply_adds(batch, pixels, text_tokens);
  }
  return sum;
}

}  // namespace fdbench
