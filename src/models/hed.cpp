#include "models/hed.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/error.h"
#include "io/safetensors.h"

namespace fdbench {
namespace {

struct StageShape {
  std::int64_t width;
  std::size_t depth;
};
constexpr std::array kStages = {StageShape{64, 2}, StageShape{128, 2}, StageShape{256, 3},
                                StageShape{512, 3}, StageShape{512, 3}};
/// [pixels] Each stage but the first halves the picture.
constexpr std::int64_t kLeastSide = 16;

/// Throws a usage error for what is not HED under these names.
SafetensorsFile open_hed(const std::filesystem::path& path) {
  if (path.extension() != ".safetensors") {
    throw usage_error({path.string()},
                      "HED's weights are read from a .safetensors file; convert ControlNetHED.pth "
                      "with safetensors.torch.save_file");
  }
  SafetensorsFile file(path);
  if (file.contains("norm") && file.contains("block1.convs.0.weight")) return file;
  throw usage_error({path.string()},
                    "holds no HED network of ControlNet: its keys are norm, "
                    "block1.convs.0.weight, ..., block5.projection.bias (ControlNetHED.pth)");
}

}  // namespace

HedNetwork::HedNetwork(const std::filesystem::path& file) {
  SafetensorsWeights weights({open_hed(file)}, at::kFloat, at::kCPU);
  const WeightScope root(weights);
  norm_ = root.take("norm", {1, 3, 1, 1});
  std::int64_t in = 3;
  for (const StageShape& shape : kStages) {
    const WeightScope scope = root / ("block" + std::to_string(stages_.size() + 1));
    Stage stage;
    for (std::size_t i = 0; i < shape.depth; ++i) {
      stage.convs.emplace_back(scope / "convs" / i, in, shape.width, 3);
      in = shape.width;
    }
    stage.projection = Conv2d(scope / "projection", in, 1, 1);
    stages_.push_back(std::move(stage));
  }
  weights.finish();
}

std::vector<at::Tensor> HedNetwork::operator()(const at::Tensor& picture) const {
  if (std::min(picture.size(0), picture.size(1)) < kLeastSide) {
    throw usage_error("HED wants a picture of at least 16x16 pixels, not " +
                      std::to_string(picture.size(1)) + "x" + std::to_string(picture.size(0)));
  }
  at::Tensor hidden = picture.permute({2, 0, 1}).unsqueeze(0).to(at::kFloat).contiguous() - norm_;
  std::vector<at::Tensor> maps;
  for (const Stage& stage : stages_) {
    if (!maps.empty()) hidden = at::max_pool2d(hidden, {2, 2}, {2, 2});
    for (const Conv2d& conv : stage.convs) hidden = conv(hidden).relu();
    maps.push_back(stage.projection(hidden)[0][0].contiguous());
  }
  return maps;
}

}  // namespace fdbench
