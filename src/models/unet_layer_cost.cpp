#include "models/unet_layer_cost.h"

namespace fdbench {

LayerCost UNetLayerCost::operator()(const ConvIn& in) const {
  return without_text(in.conv.multiply_adds(pixels()));
}

LayerCost UNetLayerCost::operator()(const ResnetBlock2D& resnet) const {
  LayerCost cost = without_text(resnet.multiply_adds(shape.batch, height, width));
  cost.skip = resnet.skip_multiply_adds(shape.batch, height, width);
  return cost;
}

LayerCost UNetLayerCost::operator()(const Transformer2DModel& transformer) const {
  const auto grid = merge_grid(tome, shape.axes[0] * shape.axes[1], height, width);
  const BlockTokens tokens = grid ? BlockTokens(*grid) : BlockTokens(height * width);
  return {.all = transformer.multiply_adds(shape.batch, tokens, shape.text_tokens),
          .unconditioned = transformer.multiply_adds_before_text(shape.batch, tokens),
          .conditioning = transformer.text_multiply_adds(shape.batch, shape.text_tokens)};
}

LayerCost UNetLayerCost::operator()(const Downsample2D& downsample) const {
  return without_text(downsample.conv.multiply_adds(pixels()));
}

LayerCost UNetLayerCost::operator()(const Upsample2D& upsample) const {
  return without_text(upsample.conv.multiply_adds(pixels()));
}

LayerCost UNetLayerCost::operator()(const ConvOut& out) const {
  return without_text(out.conv.multiply_adds(pixels()));
}

LayerCost UNetLayerCost::operator()(const ControlIn& in) const {
  const std::int64_t embedding = in.embedding.multiply_adds(pixels());
  return {.all = in.conv.multiply_adds(pixels()) + embedding, .conditioning = embedding};
}

LayerCost UNetLayerCost::operator()(const ControlOut& out) const {
  return without_text(out.conv.multiply_adds(pixels()));
}

}  // namespace fdbench
