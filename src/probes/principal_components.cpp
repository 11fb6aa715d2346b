#include "probes/principal_components.h"

#include <Eigen/Eigenvalues>
#include <algorithm>

namespace fdbench {
namespace {

/// [d, positions] float64 of one step.
at::Tensor samples_of(const at::Tensor& features) { return features.flatten(1).to(at::kDouble); }

/// Mean [d, 1] and covariance [d, d] over the positions of all steps, step by step.
struct Moments {
  at::Tensor mean, covariance;
};

Moments moments_of(const std::vector<at::Tensor>& steps) {
  const std::int64_t channels = steps.front().size(0);
  at::Tensor sum = at::zeros({channels, 1}, at::kDouble);
  std::int64_t count = 0;
  for (const at::Tensor& step : steps) {
    const at::Tensor samples = samples_of(step);
    sum += samples.sum(1, /*keepdim=*/true);
    count += samples.size(1);
  }
  Moments moments{sum / static_cast<double>(count), at::zeros({channels, channels}, at::kDouble)};
  for (const at::Tensor& step : steps) {
    const at::Tensor centred = samples_of(step) - moments.mean;
    moments.covariance.addmm_(centred, centred.t());
  }
  moments.covariance /= static_cast<double>(std::max<std::int64_t>(count - 1, 1));
  return moments;
}

/// Variance [d], rising, and the components' directions, a column each.
struct Directions {
  Eigen::VectorXd variance;
  Eigen::MatrixXd columns;
};

Directions directions_of(const at::Tensor& covariance) {
  const at::Tensor values = covariance.contiguous();
  const Eigen::Map<const Eigen::MatrixXd> matrix(values.const_data_ptr<double>(), values.size(0),
                                                 values.size(1));
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(matrix);
  return {solver.eigenvalues().cwiseMax(0), solver.eigenvectors()};
}

}  // namespace

PrincipalComponents principal_components(const std::vector<at::Tensor>& features) {
  PrincipalComponents found{std::vector<at::Tensor>(features.size()),
                            at::zeros({kNumComponents}, at::kDouble)};
  std::vector<at::Tensor> steps;
  for (const at::Tensor& step : features) {
    if (step.defined()) steps.push_back(step);
  }
  if (steps.empty()) return found;
  const Moments moments = moments_of(steps);
  const Directions directions = directions_of(moments.covariance);
  const std::int64_t channels = moments.mean.size(0);
  const double whole = directions.variance.sum();
  at::Tensor leading = at::zeros({kNumComponents, channels}, at::kDouble);
  for (std::int64_t k = 0; k < std::min(kNumComponents, channels); ++k) {
    const Eigen::Index column = channels - 1 - k;
    Eigen::VectorXd direction = directions.columns.col(column);
    Eigen::Index largest = 0;
    direction.cwiseAbs().maxCoeff(&largest);
    if (direction[largest] < 0) direction = -direction;
    std::copy(direction.begin(), direction.end(),
              leading.mutable_data_ptr<double>() + k * channels);
    found.explained[k] = whole > 0 ? directions.variance[column] / whole : 0.0;
  }
  for (std::size_t i = 0; i < features.size(); ++i) {
    if (!features[i].defined()) continue;
    std::vector<std::int64_t> shape = features[i].sizes().vec();
    shape[0] = kNumComponents;
    found.scores[i] = at::matmul(leading, samples_of(features[i]) - moments.mean).view(shape);
  }
  return found;
}

at::Tensor colours_of(const PrincipalComponents& components) {
  constexpr double kLowest = 0.01, kHighest = 0.99, kBrightest = 255;
  std::vector<at::Tensor> there;
  for (const at::Tensor& scores : components.scores) {
    if (scores.defined()) there.push_back(scores.flatten(1));
  }
  if (there.empty()) return at::zeros({std::ssize(components.scores), 1, 1, 3}, at::kByte);
  const at::Tensor all = at::cat(there, 1);
  const at::Tensor low = at::quantile(all, kLowest, 1), high = at::quantile(all, kHighest, 1);
  const at::Tensor range = (high - low).clamp_min(1e-300);
  std::vector<at::Tensor> pictures;
  const at::Tensor& shape =
      *std::find_if(components.scores.begin(), components.scores.end(),
                    [](const at::Tensor& scores) { return scores.defined(); });
  for (const at::Tensor& scores : components.scores) {
    if (!scores.defined()) {
      pictures.push_back(at::zeros_like(shape, at::kByte));
      continue;
    }
    const at::Tensor share = (scores.flatten(1) - low.unsqueeze(1)) / range.unsqueeze(1);
    pictures.push_back((share.clamp(0, 1) * kBrightest).round().to(at::kByte).view_as(scores));
  }
  at::Tensor colours = at::stack(pictures);
  if (colours.dim() == 3) colours = colours.unsqueeze(2);
  return colours.movedim(1, -1).contiguous();
}

}  // namespace fdbench
