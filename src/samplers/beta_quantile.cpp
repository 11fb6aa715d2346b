#include "samplers/beta_quantile.h"

#include <cmath>

namespace fdbench {
namespace {

constexpr int kMostTerms = 500;
constexpr double kTiny = 1e-300, kEnough = 1e-16;

/// The continued fraction by Lentz's method; converges fast for x <= 1/2.
double continued_fraction(double x, double shape) {
  double numerator = 1, denominator = 1 / (1 - 2 * shape * x / (shape + 1));
  double fraction = denominator;
  const auto advance = [&](double coefficient) {
    denominator = 1 + coefficient * denominator;
    numerator = 1 + coefficient / numerator;
    if (std::fabs(denominator) < kTiny) denominator = kTiny;
    if (std::fabs(numerator) < kTiny) numerator = kTiny;
    denominator = 1 / denominator;
    fraction *= numerator * denominator;
    return numerator * denominator;
  };
  for (int m = 1; m < kMostTerms; ++m) {
    const double twice = 2.0 * m;
    advance(m * (shape - m) * x / ((shape + twice - 1) * (shape + twice)));
    const double change =
        advance(-(shape + m) * (2 * shape + m) * x / ((shape + twice) * (shape + twice + 1)));
    if (std::fabs(change - 1) < kEnough) break;
  }
  return fraction;
}

/// P(X <= x) for x <= 1/2.
double lower_probability(double x, double shape) {
  if (x <= 0) return 0;
  const double log_beta = 2 * std::lgamma(shape) - std::lgamma(2 * shape);
  const double front = std::exp(shape * (std::log(x) + std::log1p(-x)) - log_beta);
  return front * continued_fraction(x, shape) / shape;
}

}  // namespace

double beta_quantile(double probability, double shape) {
  if (probability <= 0) return 0;
  if (probability >= 1) return 1;
  if (probability > 0.5) return 1 - beta_quantile(1 - probability, shape);
  double low = 0, high = 0.5;
  for (int halvings = 0; halvings < 100 && low < high; ++halvings) {
    const double middle = (low + high) / 2;
    if (middle == low || middle == high) break;
    (lower_probability(middle, shape) < probability ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace fdbench
