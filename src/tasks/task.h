// What surrounds the denoisers of a model: the stages that a picture goes through one after the
// other, what conditions each of them, and what makes a picture of the last one's sample.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "denoisers/load_denoiser.h"
#include "models/conditioning.h"
#include "tasks/control_pictures.h"

namespace fdbench {

/// What is wanted of a task. kLatents: the folder's vae/ is not opened, whatever it holds.
/// kOutline: layers and costs alone; the denoisers are on the device that stores nothing, and
/// neither text encoder nor VAE is opened.
enum class Wanted { kPictures, kLatents, kOutline };

/// How a task is opened.
struct TaskOptions {
  at::ScalarType dtype = at::kFloat;
  at::Device device = at::kCPU;
  Reading reading = Reading::kAtOnce;
  Wanted wanted = Wanted::kPictures;
  DenoiserChange change = {};
  /// Beside the denoiser.
  std::vector<ControlSource> controls = {};
};

/// What a folder says of its scheduler.
struct FolderScheduler {
  nlohmann::json config;
  /// For messages.
  std::string file;
};

/// One denoiser with a scheduler, a guidance rule and a plan of its own.
struct Stage {
  /// "" where a task has one stage alone.
  std::string name;
  const Denoiser* denoiser = nullptr;
};

/// Conditioning of a batch and, where it has an unconditional half, of that.
struct PromptPair {
  Conditioning conditional, unconditional;
};

/// The texts of n pictures.
struct PromptBatch {
  /// Or classes, by number or name, of a task that draws those.
  std::vector<std::string> prompts;
  /// What guidance points away from; empty: the empty prompt, or what the model has for it.
  std::vector<std::string> negative_prompts;
  /// That many of the text encoders' last layers are left out, as in diffusers' pipelines; no layer
  /// for negative prompts.
  std::int64_t clip_skip = 0;
  /// The batch has an unconditional half.
  bool guided = true;
  /// Of the stage's pictures, which some models are told.
  PictureSize size;
  /// What each control network is shown: one for all prompts, or one for each.
  std::vector<std::vector<std::filesystem::path>> control_images = {};
};

class Task {
 public:
  virtual ~Task() = default;

  /// What pictures are drawn of, by the key of a config: "prompts" or "classes".
  virtual std::string drawn_from() const { return "prompts"; }
  /// Throws a usage error for one of them that the model cannot draw.
  virtual void check_drawable(std::span<const std::string> drawn) const { (void)drawn; }
  /// In the order they run; one at least.
  virtual std::span<const Stage> stages() const = 0;
  /// Throws a usage error for a stage whose folder has none.
  virtual FolderScheduler scheduler(std::size_t stage) const = 0;
  /// What conditions a stage. last: the sample of the stage before it, [n, c, axes...]; undefined
  /// for the first. Throws a usage error for a folder without a text encoder, and a runtime error
  /// where a state is not finite.
  virtual PromptPair encode(std::size_t stage, const PromptBatch& batch,
                            const at::Tensor& last) const = 0;
  /// Picture pixels per pixel of a stage's sample.
  virtual std::int64_t factor(std::size_t stage) const = 0;
  /// Final sample [n, c, axes...] -> pictures [n, H, W, 3] uint8 on the CPU. Throws a runtime error
  /// where what is decoded is not finite.
  virtual at::Tensor decode(const at::Tensor& sample) const = 0;
};

}  // namespace fdbench
