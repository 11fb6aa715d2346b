#include "tasks/cascade.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "denoisers/image_conditioned.h"

namespace fdbench {

Cascade::Cascade(const std::vector<StageFolder>& folders, const TaskOptions& options) {
  // Of the sample of the stage before.
  std::int64_t channels = 0;
  for (const StageFolder& stage : folders) {
    const bool is_last = &stage == &folders.back();
    TaskOptions of_stage = options;
    if (!is_last && options.wanted == Wanted::kPictures) of_stage.wanted = Wanted::kLatents;
    pipelines_.push_back(std::make_unique<TextToImagePipeline>(stage.folder, of_stage, channels));
    const Denoiser& unet = pipelines_.back()->denoiser();
    const std::vector<std::int64_t>& axes = unet.info().sample_axes;
    if (std::find(axes.begin(), axes.end(), 0) != axes.end()) {
      throw usage_error(
          {stage.folder.config_path("unet").string()},
          "names no sample_size, which the stage '" + stage.name + "' of a cascade needs");
    }
    channels = unet.info().in_channels;
    stages_.push_back({.name = stage.name, .denoiser = &unet});
  }
}

PromptPair Cascade::encode(std::size_t stage, const PromptBatch& batch,
                           const at::Tensor& last) const {
  const bool has_text = pipelines_.at(stage)->has_text_encoder();
  PromptPair pair = pipelines_[has_text ? stage : 0]->encode(0, batch, last);
  if (stage == 0) return pair;
  const ModelInfo& info = stages_[stage].denoiser->info();
  const at::Tensor image =
      at::upsample_bilinear2d(last.to(at::kFloat), info.sample_axes, /*align_corners=*/true)
          .to(info.device, info.dtype);
  pair.conditional.set(kImage, image);
  if (!pair.unconditional.empty()) pair.unconditional.set(kImage, image);
  return pair;
}

}  // namespace fdbench
