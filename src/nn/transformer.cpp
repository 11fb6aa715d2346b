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

BlockTokens::BlockTokens(const MergeGrid& merged)
    : all(merged.tokens()),
      attn1(merged.options.merge_attn ? merged.left() : all),
      attn2(merged.options.merge_crossattn ? merged.left() : all),
      ff(merged.options.merge_mlp ? merged.left() : all),
      grid(merged) {}

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

at::Tensor BasicTransformerBlock::operator()(const at::Tensor& x, const KeysAndValues& text,
                                             const MergedMap& merged) const {
  const TokenMatching matching(x, merged.grid, merged.seeds);
  const TokenMerging& options = merged.grid.options;
  /// h + part(tokens), where part takes tokens and what to add to the result.
  const auto around = [&](bool merges, const auto& part, const at::Tensor& tokens,
                          const at::Tensor& h) {
    if (!merges) return part(tokens, h);
    const at::Tensor change = matching.unmerge(part(matching.merge(tokens), at::Tensor()));
    return repeat_batch(h, change.size(0)) + change;
  };
  const auto self = [&](const at::Tensor& tokens, const at::Tensor& added) {
    return attn1(tokens, attn1.keys_and_values(tokens), added);
  };
  const auto to_text = [&](const at::Tensor& tokens, const at::Tensor& added) {
    return attn2(tokens, text, repeat_batch(added, std::max(tokens.size(0), text.batch)));
  };
  at::Tensor h = around(options.merge_attn, self, norm1(x), x);
  h = around(options.merge_crossattn, to_text, norm2(h), h);
  return around(options.merge_mlp, ff, norm3(h), h);
}

std::int64_t BasicTransformerBlock::multiply_adds(std::int64_t batch, const BlockTokens& tokens,
                                                  std::int64_t text_tokens) const {
  const std::int64_t without_queries = attn2.multiply_adds(batch, tokens.attn2, text_tokens) -
                                       attn2.query.multiply_adds(batch * tokens.attn2);
  const std::int64_t rows = batch * tokens.ff;
  return multiply_adds_before_text(batch, tokens) + without_queries +
         ff.proj_in.multiply_adds(rows) + ff.proj_out.multiply_adds(rows);
}

std::int64_t BasicTransformerBlock::multiply_adds_before_text(std::int64_t batch,
                                                              const BlockTokens& tokens) const {
  const std::int64_t channels = attn1.query.weight.size(1);
  const std::int64_t matching =
      tokens.grid ? matching_multiply_adds(*tokens.grid, batch, channels) : 0;
  return matching + attn1.multiply_adds(batch, tokens.attn1, tokens.attn1) +
         attn2.query.multiply_adds(batch * tokens.attn2);
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
                                          const std::vector<KeysAndValues>& text,
                                          const std::optional<MergedMap>& merged) const {
  at::Tensor h = proj_in(as_tokens(norm(x)));
  for (std::size_t i = 0; i < transformer_blocks.size(); ++i) {
    const BasicTransformerBlock& block = transformer_blocks[i];
    h = merged ? block(h, text[i], {merged->grid, mixed_seeds(merged->seeds, i)})
               : block(h, text[i]);
  }
  return as_feature_map(proj_out(h, repeat_batch(as_tokens(x), h.size(0))), x.size(2), x.size(3));
}

std::int64_t Transformer2DModel::multiply_adds(std::int64_t batch, const BlockTokens& tokens,
                                               std::int64_t text_tokens) const {
  const std::int64_t rows = batch * tokens.all;
  std::int64_t sum = proj_in.multiply_adds(rows) + proj_out.multiply_adds(rows);
  for (const BasicTransformerBlock& block : transformer_blocks) {
    sum += block.multiply_adds(batch, tokens, text_tokens);
  }
  return sum;
}

std::int64_t Transformer2DModel::multiply_adds_before_text(std::int64_t batch,
                                                           const BlockTokens& tokens) const {
  return proj_in.multiply_adds(batch * tokens.all) +
         transformer_blocks.at(0).multiply_adds_before_text(batch, tokens);
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
