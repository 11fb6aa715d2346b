#include "metrics/distances.h"

#include <limits>

#include "core/error.h"

namespace fdbench {
namespace {

constexpr double kPeak = 255.0;
/// Of the window, in pixels.
constexpr double kSigma = 1.5;
/// 11 x 11, as in the paper.
constexpr std::int64_t kRadius = 5;
constexpr double kLuminance = 0.01 * kPeak * 0.01 * kPeak, kContrast = 0.03 * kPeak * 0.03 * kPeak;

void check_shapes(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() == b.sizes()) return;
  throw usage_error("a distance needs two arrays of the same shape, not " + c10::str(a.sizes()) +
                    " and " + c10::str(b.sizes()));
}

/// Weighted means over the window, where it fits. planes: [n, 1, h, w] float64.
at::Tensor smoothed(const at::Tensor& planes) {
  const at::Tensor x = at::arange(-kRadius, kRadius + 1, planes.options());
  at::Tensor window = (x.square() / (-2 * kSigma * kSigma)).exp();
  window = window / window.sum();
  const at::Tensor down = at::conv2d(planes, window.view({1, 1, -1, 1}));
  return at::conv2d(down, window.view({1, 1, 1, -1}));
}

}  // namespace

at::Tensor latent_mse(const at::Tensor& latents, const at::Tensor& reference) {
  check_shapes(latents, reference);
  const at::Tensor difference = latents.to(at::kDouble) - reference.to(at::kDouble);
  return difference.square().flatten(1).mean(1);
}

at::Tensor psnr(const at::Tensor& pictures, const at::Tensor& reference) {
  return 10 * (kPeak * kPeak / latent_mse(pictures, reference)).log10();
}

at::Tensor ssim(const at::Tensor& pictures, const at::Tensor& reference) {
  check_shapes(pictures, reference);
  const std::int64_t n = pictures.size(0), h = pictures.size(1), w = pictures.size(2);
  if (h <= 2 * kRadius || w <= 2 * kRadius) {
    return at::full({n}, std::numeric_limits<double>::quiet_NaN(), at::kDouble);
  }
  const auto planes = [&](const at::Tensor& images) {
    return images.permute({0, 3, 1, 2}).to(at::kDouble).reshape({-1, 1, h, w});
  };
  const at::Tensor a = planes(pictures), b = planes(reference);
  const at::Tensor mean_a = smoothed(a), mean_b = smoothed(b);
  const at::Tensor variances =
      smoothed(a.square()) - mean_a.square() + smoothed(b.square()) - mean_b.square();
  const at::Tensor covariance = smoothed(a * b) - mean_a * mean_b;
  const at::Tensor similar =
      (2 * mean_a * mean_b + kLuminance) * (2 * covariance + kContrast) /
      ((mean_a.square() + mean_b.square() + kLuminance) * (variances + kContrast));
  return similar.reshape({n, -1}).mean(1);
}

at::Tensor perceptual_distance(const std::vector<at::Tensor>& states,
                               const std::vector<at::Tensor>& reference) {
  if (states.empty() || states.size() != reference.size()) {
    throw usage_error("a perceptual distance needs the states of the same layers");
  }
  const auto unit = [](const at::Tensor& layer) {
    const at::Tensor x = layer.to(at::kDouble);
    return x / (x.norm(2, -1, /*keepdim=*/true) + 1e-10);
  };
  at::Tensor sum;
  for (std::size_t i = 0; i < states.size(); ++i) {
    check_shapes(states[i], reference[i]);
    const at::Tensor apart =
        (unit(states[i]) - unit(reference[i])).square().sum(-1).flatten(1).mean(1);
    sum = sum.defined() ? sum + apart : apart;
  }
  return sum / static_cast<double>(states.size());
}

}  // namespace fdbench
