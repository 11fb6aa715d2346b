#include "metrics/distances.h"

#include "core/error.h"

namespace fdbench {
namespace {

constexpr double kPeak = 255.0;

}  // namespace

at::Tensor latent_mse(const at::Tensor& latents, const at::Tensor& reference) {
  if (latents.sizes() != reference.sizes()) {
    throw usage_error("a distance needs two arrays of the same shape");
  }
  const at::Tensor difference = latents.to(at::kDouble) - reference.to(at::kDouble);
  return difference.square().flatten(1).mean(1);
}

at::Tensor psnr(const at::Tensor& pictures, const at::Tensor& reference) {
  return 10 * (kPeak * kPeak / latent_mse(pictures, reference)).log10();
}

}  // namespace fdbench
