#include "tasks/picture_pipeline.h"

#include <utility>

#include "core/error.h"
#include "execution/guidance.h"

namespace fdbench {
namespace {

constexpr std::int64_t kStableDiffusionFactor = 8;

/// With its weights; nullptr where the folder has none.
std::unique_ptr<Vae> load_vae(const ModelFolder& folder, at::ScalarType dtype, at::Device device) {
  if (!folder.has("vae")) return nullptr;
  const nlohmann::json config = folder.config("vae");
  const std::filesystem::path place = folder.config_path("vae");
  check_vae_class(config, place);
  const auto weights = folder.weights("vae", dtype, device);
  return make_vae(config, *weights, place);
}

}  // namespace

std::string other_dtypes(at::ScalarType dtype) {
  if (dtype != at::kHalf) return "";
  return "; float16 overflows beyond 65504: use --dtype bfloat16 or float32 ('dtype:' in a config)";
}

PicturePipeline::PicturePipeline(const ModelFolder& folder, const TaskOptions& options)
    : folder_(folder),
      dtype_(options.dtype),
      device_(options.device),
      factor_(picture_factor(folder)) {}

void PicturePipeline::open_vae(const TaskOptions& options) {
  if (options.wanted != Wanted::kPictures) return;
  const bool reads_now = options.reading == Reading::kAtOnce;
  vae_ = load_vae(folder_, dtype_, reads_now ? device_ : at::Device(at::kMeta));
  if (reads_now || !has_vae()) return;
  read_vae_ = [folder = folder_, dtype = dtype_, device = device_] {
    return load_vae(folder, dtype, device);
  };
}

void PicturePipeline::set_denoiser(std::unique_ptr<Denoiser> denoiser,
                                   const DenoiserChange& change) {
  denoiser_ = change ? change(std::move(denoiser)) : std::move(denoiser);
  stage_.denoiser = denoiser_.get();
}

bool PicturePipeline::guided(double guidance_scale) const {
  return has_guidance_halves(*denoiser_, guidance_scale);
}

PictureSize PicturePipeline::sized(PictureSize size) const {
  if (size.height == 0) size.height = denoiser_->info().sample_axes[0] * factor();
  if (size.width == 0) size.width = denoiser_->info().sample_axes[1] * factor();
  if (size.height > 0 && size.width > 0) return size;
  throw usage_error("the model's config names no sample_size: give height and width");
}

PictureSize PicturePipeline::size_of(const at::Tensor& latents) const {
  return {latents.size(2) * factor(), latents.size(3) * factor()};
}

at::Tensor PicturePipeline::decode(const at::Tensor& latents) const {
  if (!has_vae())
    throw usage_error({folder_.path().string()}, "has no vae/, so it cannot make pictures");
  if (read_vae_) {
    vae_ = read_vae_();
    read_vae_ = nullptr;
  }
  // One at a time: the decoder needs much memory.
  std::vector<at::Tensor> pictures;
  for (const at::Tensor& latent : latents.to(device_, dtype_).split(1)) {
    const at::Tensor decoded = vae_->decode(latent);
    const std::int64_t bad = at::isfinite(decoded).logical_not().sum().item<std::int64_t>();
    if (bad > 0) {
      const std::string number = latents.size(0) == 1
                                     ? ""
                                     : " number " + std::to_string(pictures.size() + 1) + " of " +
                                           std::to_string(latents.size(0));
      throw runtime_error({folder_.path().string()},
                          "vae: the picture" + number + " that it decodes is not finite (" +
                              std::to_string(bad) + " of " + std::to_string(decoded.numel()) +
                              " values are NaN or infinite)" + other_dtypes(dtype_));
    }
    pictures.push_back(to_pictures(decoded));
  }
  return at::cat(pictures, 0);
}

std::int64_t picture_factor(const ModelFolder& folder) {
  const bool is_told = folder.has("vae") && std::filesystem::exists(folder.config_path("vae"));
  return is_told ? vae_factor(folder.config("vae")) : kStableDiffusionFactor;
}

void check_draws_pictures(const ModelFolder& folder) {
  if (!folder.has("vae")) {
    throw usage_error({folder.path().string()}, "has no vae/, so it cannot make pictures");
  }
  check_vae_class(folder.config("vae"), folder.config_path("vae"));
}

std::int64_t PicturePipeline::factor() const { return has_vae() ? vae_->factor() : factor_; }

}  // namespace fdbench
