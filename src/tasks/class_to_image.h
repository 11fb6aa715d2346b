// Class to picture, a task of one stage: a class-conditional transformer (DiT) and a VAE.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "tasks/picture_pipeline.h"

namespace fdbench {

/// The classes of a model folder: config.json's num_embeds_ada_norm, and model_index.json's
/// `id2label` where it has one ({"207": "golden retriever, ..."}: names that stand for the class,
/// between commas).
class ClassLabels {
 public:
  /// Throws a usage error for an id2label that is none.
  explicit ClassLabels(const ModelFolder& folder);

  std::int64_t count() const { return count_; }
  /// The number of a class, as a user writes it: its number, or one of its names. Throws a usage
  /// error for a number out of range and for a name that is not known, with the nearest.
  std::int64_t label_of(const std::string& text) const;

 private:
  std::int64_t count_;
  std::map<std::string, std::int64_t> numbers_;
};

/// DiTPipeline of diffusers. What is drawn are classes, written as ClassLabels reads them, in place
/// of prompts. Without guidance halves there is no null class; with them it is the row behind the
/// last class. Both halves of a guidance batch have the same latents, as in both references (each
/// takes those of the first half again before every call).
class ClassToImagePipeline final : public PicturePipeline {
 public:
  explicit ClassToImagePipeline(const ModelFolder& folder, const TaskOptions& options = {});

  std::string drawn_from() const override { return "classes"; }
  void check_drawable(std::span<const std::string> classes) const override;
  FolderScheduler scheduler(std::size_t) const override;
  /// class_labels [n]. Throws a usage error for a class that is not there, and for negative prompts
  /// and control pictures.
  PromptPair encode(std::size_t stage, const PromptBatch& batch,
                    const at::Tensor& last) const override;

 private:
  ClassLabels labels_;
};

}  // namespace fdbench
