#include "judging/predicted_distances.h"

#include <limits>
#include <optional>

#include "metrics/distances.h"

namespace fdbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Column of the reference that is the same step as `column` of the pictures.
std::optional<std::size_t> same_step(const PredictedPictures& pictures, std::size_t column,
                                     const PredictedPictures& reference) {
  std::optional<std::size_t> found;
  for (std::size_t other = 0; other < reference.steps.size(); ++other) {
    if (reference.timesteps[other] != pictures.timesteps[column]) continue;
    if (reference.steps[other] == pictures.steps[column]) return other;
    if (!found) found = other;
  }
  return found;
}

}  // namespace

PredictedDistances predicted_distances(const PredictedPictures& pictures,
                                       const PredictedPictures& reference) {
  const std::int64_t num_pictures = pictures.latents.size(0);
  const auto num_steps = static_cast<std::int64_t>(pictures.steps.size());
  PredictedDistances distances;
  distances.latent_mse = at::full({num_pictures, num_steps}, kNan, at::kDouble);
  distances.psnr = distances.latent_mse.clone();
  for (std::int64_t column = 0; column < num_steps; ++column) {
    const auto other = same_step(pictures, static_cast<std::size_t>(column), reference);
    if (!other) continue;
    const auto at_reference = static_cast<std::int64_t>(*other);
    const at::Tensor mse =
        latent_mse(pictures.latents.select(1, column), reference.latents.select(1, at_reference));
    const at::Tensor decibels =
        psnr(pictures.images.select(1, column), reference.images.select(1, at_reference));
    distances.latent_mse.select(1, column).copy_(mse);
    distances.psnr.select(1, column).copy_(decibels.masked_fill(mse.isnan(), kNan));
  }
  return distances;
}

}  // namespace fdbench
