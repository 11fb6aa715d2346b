// The transformer layer that both of CLIP's towers are made of.
#pragma once

#include "kernels/activation.h"
#include "nn/attention.h"
#include "nn/linear.h"
#include "nn/norm.h"

namespace fdbench {

struct ClipLayerOptions {
  std::int64_t hidden_size = 0, intermediate_size = 0, num_attention_heads = 1;
  double layer_norm_eps = 1e-5;
  Activation hidden_act = Activation::kQuickGelu;
  /// A token attends to earlier ones alone, as in text.
  bool causal = false;
};

/// transformers' CLIPEncoderLayer.
struct ClipEncoderLayer {
  LayerNorm layer_norm1, layer_norm2;
  Attention self_attn;
  Linear fc1, fc2;
  Activation hidden_act;

  ClipEncoderLayer(const WeightScope& scope, const ClipLayerOptions& options)
      : layer_norm1(scope / "layer_norm1", options.hidden_size, options.layer_norm_eps),
        layer_norm2(scope / "layer_norm2", options.hidden_size, options.layer_norm_eps),
        self_attn(scope / "self_attn", attention_options(options)),
        fc1(scope / "mlp.fc1", options.hidden_size, options.intermediate_size),
        fc2(scope / "mlp.fc2", options.intermediate_size, options.hidden_size),
        hidden_act(options.hidden_act) {}

  /// x: [n, l, d] -> [n, l, d].
  at::Tensor operator()(const at::Tensor& x) const {
    const at::Tensor own = layer_norm1(x);
    const at::Tensor h = self_attn(own, own).add_(x);
    return fc2(activate_in_place(fc1(layer_norm2(h)), hidden_act)).add_(h);
  }

 private:
  static AttentionOptions attention_options(const ClipLayerOptions& layer) {
    AttentionOptions options;
    options.query_dim = options.context_dim = options.inner_dim = layer.hidden_size;
    options.heads = layer.num_attention_heads;
    options.bias = true;
    options.causal = layer.causal;
    options.names = {"q_proj", "k_proj", "v_proj", "out_proj"};
    return options;
  }
};

}  // namespace fdbench
