// A cascade: stages of growing size, each of which is shown what the stage before it made.
#pragma once

#include <memory>
#include <vector>

#include "tasks/text_to_image.h"

namespace fdbench {

/// A stage of a task with the folder that it comes from.
struct StageFolder {
  std::string name;
  ModelFolder folder;
  /// Beside its denoiser; of a task of one stage alone.
  std::vector<ControlSource> controls = {};
};

/// Every stage reads the prompts; from the second on it is shown the sample of the stage before,
/// brought to its own size (bilinear, corners aligned, as diffusers' IFSuperResolutionPipeline has
/// it) and joined to its sample along the channels. The last one's VAE makes the pictures. A stage
/// without a text encoder is given the first stage's text.
class Cascade final : public Task {
 public:
  /// Throws what TextToImagePipeline throws for each folder, and a usage error that names the
  /// stage for one without a `sample_size`.
  Cascade(const std::vector<StageFolder>& folders, const TaskOptions& options);

  std::span<const Stage> stages() const override { return stages_; }
  FolderScheduler scheduler(std::size_t stage) const override {
    return pipelines_.at(stage)->scheduler(0);
  }
  PromptPair encode(std::size_t stage, const PromptBatch& batch,
                    const at::Tensor& last) const override;
  std::int64_t factor(std::size_t stage) const override { return pipelines_.at(stage)->factor(); }
  at::Tensor decode(const at::Tensor& sample) const override {
    return pipelines_.back()->decode(sample);
  }

 private:
  std::vector<std::unique_ptr<TextToImagePipeline>> pipelines_;
  std::vector<Stage> stages_;
};

}  // namespace fdbench
