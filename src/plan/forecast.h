// What a reused output is: the last computed one, or a forecast from the last two or three.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace fdbench {

/// How an output is carried over the steps that do not compute it.
enum class Reuse {
  /// The last computed output as it is (the paper).
  kHold,
  /// On the line through the last two.
  kLinear,
  /// On the parabola through the last three.
  kTaylor2,
};

/// "hold", "linear", "taylor2".
std::string reuse_name(Reuse reuse);
std::vector<std::string> reuse_names();
/// Throws a usage error that names the nearest one.
Reuse parse_reuse(const std::string& name);

/// Outputs that a forecast takes at most: 1, 2 or 3.
int num_sources(Reuse reuse);

/// Weights c_i of the forecast sum_i c_i F(sources[i]) at `step`: the value there of the polynomial
/// of degree sources.size() - 1 through the outputs at `sources` (steps in sampling order, all
/// different, none later than `step`). In Newton's form with divided differences F[..],
///   F(x) = F(x0) + (x - x0) F[x0, x1] + (x - x0)(x - x1) F[x0, x1, x2],
/// so it is exact for outputs that change linearly or quadratically in the step, at any distances.
/// TaylorSeer (arXiv 2503.06923) has the same terms with derivatives at x0 from finite differences
/// of evenly spaced steps: F(x0) + k F' + k^2/2 F'', which is exact to the first order alone.
std::vector<double> forecast_weights(std::span<const int> sources, int step);

}  // namespace fdbench
