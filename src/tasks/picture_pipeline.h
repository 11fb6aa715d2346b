// A task of one stage that draws pictures with one denoiser and a VAE, whatever it draws them of.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <memory>
#include <string>

#include "folders/model_folder.h"
#include "models/vae.h"
#include "tasks/task.h"

namespace fdbench {

/// The parts of a folder that were loaded. A part that the folder lacks is empty; asking for it is
/// a usage error.
class PicturePipeline : public Task {
 public:
  std::span<const Stage> stages() const override { return {&stage_, 1}; }
  std::int64_t factor(std::size_t) const override { return factor(); }
  at::Tensor decode(const at::Tensor& latents) const override;

  const Denoiser& denoiser() const { return *denoiser_; }
  bool has_vae() const { return vae_ != nullptr; }
  at::ScalarType dtype() const { return dtype_; }
  at::Device device() const { return device_; }
  /// True when the weights are random: the pictures mean nothing.
  bool synthetic() const { return folder_.synthetic(); }

  /// True when guidance at this scale takes a second, unconditional half of the batch: above 1, but
  /// not where the guidance scale is an input of the network.
  bool guided(double guidance_scale) const;
  /// Picture pixels per latent pixel; Stable Diffusion's 8 for a folder without a VAE.
  std::int64_t factor() const;
  /// `size` with the model's own sides in place of 0. Throws a usage error where the model names no
  /// sample_size.
  PictureSize sized(PictureSize size) const;
  /// Size of the pictures of latents [n, c, h, w].
  PictureSize size_of(const at::Tensor& latents) const;

 protected:
  PicturePipeline(const ModelFolder& folder, const TaskOptions& options);
  /// Where pictures are wanted and the folder has one. Throws a usage error for a VAE of another
  /// class.
  void open_vae(const TaskOptions& options);
  /// To be called once, with the denoiser as it is to run.
  void set_denoiser(std::unique_ptr<Denoiser> denoiser, const DenoiserChange& change);
  const ModelFolder& folder() const { return folder_; }

 private:
  ModelFolder folder_;
  at::ScalarType dtype_;
  at::Device device_;
  std::unique_ptr<Denoiser> denoiser_;
  Stage stage_;
  std::int64_t factor_;
  /// On the meta device while it is unread.
  mutable std::unique_ptr<Vae> vae_;
  /// Empty once it is read.
  mutable std::function<std::unique_ptr<Vae>()> read_vae_;
};

/// What to do about numbers that are not finite; "" where no other type is likely to help.
std::string other_dtypes(at::ScalarType dtype);

/// Picture pixels per latent pixel of a folder, without a look at weights: what the VAE's config
/// says, 8 without one.
std::int64_t picture_factor(const ModelFolder& folder);

/// Throws a usage error for a folder that can draw no pictures: without vae/, or with an
/// autoencoder of a class that is not supported.
void check_draws_pictures(const ModelFolder& folder);

}  // namespace fdbench
