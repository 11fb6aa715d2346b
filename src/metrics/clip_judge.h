// CLIP as a judge: does a picture show what its prompt says?
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace fdbench {

/// A folder in transformers' layout of a CLIPModel: config.json, model.safetensors, the tokenizer's
/// files and preprocessor_config.json. PickScore is such a folder, too.
class ClipJudge {
 public:
  /// In float32 on the CPU. Throws an error in one line for what is missing or does not fit.
  explicit ClipJudge(const std::filesystem::path& folder);
  ~ClipJudge();
  ClipJudge(const ClipJudge&) = delete;
  ClipJudge& operator=(const ClipJudge&) = delete;

  /// pictures: [n, h, w, 3] uint8 -> image_embeds [n, d], not normalised.
  at::Tensor image_embeds(const at::Tensor& pictures) const;
  /// pictures: [h, w, 3] uint8 each, of any sizes.
  at::Tensor image_embeds(at::TensorList pictures) const;
  /// What the vision tower knows of each patch after each of its layers, for
  /// `perceptual_distance`: one [n, patches, hidden_size] a layer.
  std::vector<at::Tensor> patch_states(const at::Tensor& pictures) const;
  std::vector<at::Tensor> patch_states(at::TensorList pictures) const;
  /// Warns once of the prompts of which `text_embeds` reads only the beginning.
  void warn_of_cut_prompts(const std::vector<std::string>& prompts) const;
  /// -> text_embeds [n, d], not normalised.
  at::Tensor text_embeds(const std::vector<std::string>& prompts) const;
  /// exp(logit_scale): what PickScore multiplies the cosine with.
  double scale() const;
  /// Hash of the folder's weights and of the image processor.
  const std::string& hash() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// `ClipJudge::hash` of a folder that need not be loaded for it. Throws a usage error where a file
/// is missing.
std::string clip_judge_hash(const std::filesystem::path& folder);

/// Cosine of each row of a with the same row of b: [n, d] x [n, d] -> [n] float64.
at::Tensor cosines(const at::Tensor& a, const at::Tensor& b);

/// 2.5 max(0, cos) (Hessel et al. 2021): [n] float64. Other programs print 100 cos; the paper's
/// 0.77 is on the scale of this one.
at::Tensor clip_scores(const at::Tensor& image_embeds, const at::Tensor& text_embeds);

}  // namespace fdbench
