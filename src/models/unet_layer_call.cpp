#include "models/unet_layer_call.h"

#include <algorithm>
#include <vector>

#include "kernels/batch.h"

namespace fdbench {

at::Tensor UNetLayerCall::operator()(const ConvIn& in) const {
  const at::Tensor sample = x().to(info.device, info.dtype);
  return in.conv(in.center_input_sample ? 2 * sample - 1.0 : sample);
}

at::Tensor UNetLayerCall::operator()(const ResnetBlock2D& resnet) const {
  if (inputs.size() == 1) return resnet(x(), step.emb);
  const LayerInput& skip = inputs[1];
  const at::Tensor& values = skip.value.front();
  if (memo == nullptr || (!skip.unchanged && !skip.reused_later)) {
    return resnet(x(), values, resnet.skip_term(values), step.emb);
  }
  SkipTerm& kept = memo_of(*memo).skip;
  const bool is_known = skip.unchanged && kept.defined();
  const SkipTerm term = is_known ? kept : resnet.skip_term(values);
  kept = skip.reused_later ? term : SkipTerm();
  return resnet(x(), values, term, step.emb);
}

at::Tensor UNetLayerCall::operator()(const Transformer2DModel& transformer) const {
  const at::Tensor& states = step.encoder_hidden_states;
  if (memo == nullptr || !step.options.same_conditioning) {
    return transformer(x(), transformer.text_terms(states), merged_map());
  }
  std::vector<KeysAndValues>& text = memo_of(*memo).text;
  if (text.empty()) text = transformer.text_terms(states);
  return transformer(x(), text, merged_map());
}

at::Tensor UNetLayerCall::operator()(const Downsample2D& downsample) const {
  return downsample(x());
}

at::Tensor UNetLayerCall::operator()(const Upsample2D& upsample) const {
  return upsample(x(), height, width);
}

at::Tensor UNetLayerCall::operator()(const ConvOut& out) const {
  return out.conv(out.norm(x(), out.activation)).contiguous();
}

at::Tensor UNetLayerCall::operator()(const ControlIn& in) const {
  const auto embed = [&] {
    const at::Tensor& picture = step.controlnet_cond;
    return in.embedding(in.is_bgr ? picture.flip(1) : picture);
  };
  at::Tensor embedded;
  if (memo != nullptr && step.options.same_conditioning) {
    at::Tensor& kept = memo_of(*memo).control;
    if (!kept.defined()) kept = embed();
    embedded = kept;
  } else {
    embedded = embed();
  }
  const at::Tensor h = in.conv(x().to(info.device, info.dtype));
  const std::int64_t batch = std::max(h.size(0), embedded.size(0));
  return repeat_batch(h, batch) + repeat_batch(embedded, batch);
}

at::Tensor UNetLayerCall::operator()(const ControlOut& out) const {
  const at::Tensor residual = out.conv(x());
  return out.pools ? residual.mean({2, 3}, /*keepdim=*/true) : residual;
}

std::optional<MergedMap> UNetLayerCall::merged_map() const {
  const SeededTokenMerging& tome = step.options.tome;
  const auto grid = merge_grid(tome.options, step.height * step.width, x().size(2), x().size(3));
  if (!grid) return std::nullopt;
  return MergedMap{*grid, mixed_seeds(tome.seeds, index)};
}

}  // namespace fdbench
