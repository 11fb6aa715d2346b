#include "nn/transformer.h"

#include <algorithm>

#include "kernels/batch.h"
#include "kernels/channels_last.h"
#include "kernels/gated_gelu.h"

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

at::Tensor FeedForward::operator()(const at::Tensor& x, const at::Tensor& added) const {
  return proj_out(gated_gelu(proj_in(x)), added);
}

BasicTransformerBlock::BasicTransformerBlock(const WeightScope& scope,
                                             const TransformerOptions& options)
    : norm1(scope / "norm1", options.inner_dim()),
      norm2(scope / "norm2", options.inner_dim()),
      norm3(scope / "norm3", options.inner_dim()),
      attn1(scope / "attn1", attention_options(options, options.inner_dim())),
      attn2(scope / "attn2", attention_options(options, options.cross_attention_dim)),
      ff(scope / "ff", options.inner_dim()) {}

void BasicTransformerBlock::pack() {
  attn1.pack();
  attn2.pack();
  ff.proj_in.pack();
  ff.proj_out.pack();
}

at::Tensor BasicTransformerBlock::operator()(const at::Tensor& x, const KeysAndValues& text) const {
  const at::Tensor own = norm1(x);
  at::Tensor h = attn1(own, attn1.keys_and_values(own), x);
  h = attn2(norm2(h), text, repeat_batch(h, std::max(h.size(0), text.batch)));
  return ff(norm3(h), h);
}

std::int64_t BasicTransformerBlock::multiply_adds(std::int64_t batch, std::int64_t pixels,
                                                  std::int64_t text_tokens) const {
  const std::int64_t rows = batch * pixels;
  return attn1.multiply_adds(batch, pixels, pixels) +
         attn2.multiply_adds(batch, pixels, text_tokens) + ff.proj_in.multiply_adds(rows) +
         ff.proj_out.multiply_adds(rows);
}

std::int64_t BasicTransformerBlock::multiply_adds_before_text(std::int64_t batch,
                                                              std::int64_t pixels) const {
  return attn1.multiply_adds(batch, pixels, pixels) + attn2.query.multiply_adds(batch * pixels);
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

void Transformer2DModel::pack() {
  proj_in.pack();
  proj_out.pack();
  for (BasicTransformerBlock& block : transformer_blocks) block.pack();
}

std::vector<KeysAndValues> Transformer2DModel::text_terms(const at::Tensor& text) const {
  std::vector<KeysAndValues> terms;
  for (const BasicTransformerBlock& block : transformer_blocks)
    terms.push_back(block.attn2.keys_and_values(text));
  return terms;
}

at::Tensor Transformer2DModel::operator()(const at::Tensor& x,
                                          const std::vector<KeysAndValues>& text) const {
  at::Tensor h = proj_in(as_tokens(norm(x)));
  for (std::size_t i = 0; i < transformer_blocks.size(); ++i) h = transformer_blocks[i](h, text[i]);
  return as_feature_map(proj_out(h, repeat_batch(as_tokens(x), h.size(0))), x.size(2), x.size(3));
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

std::int64_t Transformer2DModel::multiply_adds_before_text(std::int64_t batch,
                                                           std::int64_t pixels) const {
  return proj_in.multiply_adds(batch * pixels) +
         transformer_blocks.at(0).multiply_adds_before_text(batch, pixels);
}

std::int64_t Transformer2DModel::text_multiply_adds(std::int64_t batch,
                                                    std::int64_t text_tokens) const {
  std::int64_t sum = 0;
  for (const BasicTransformerBlock& block : transformer_blocks) {
    sum += block.attn2.context_multiply_adds(batch, text_tokens);
  }
  return sum;
}

}  // namespace fdbench
