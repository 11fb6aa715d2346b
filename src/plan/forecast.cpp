#include "plan/forecast.h"

#include <array>

#include "core/error.h"

namespace fdbench {
namespace {

constexpr std::array kNames = {"hold", "linear", "taylor2"};

}  // namespace

std::string reuse_name(Reuse reuse) { return kNames[static_cast<std::size_t>(reuse)]; }

std::vector<std::string> reuse_names() { return {kNames.begin(), kNames.end()}; }

Reuse parse_reuse(const std::string& name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames[i]) return static_cast<Reuse>(i);
  }
  throw usage_error("reuse '" + name + "' is not known" + advice(name, reuse_names()));
}

int num_sources(Reuse reuse) { return 1 + static_cast<int>(reuse); }

std::vector<double> forecast_weights(std::span<const int> sources, int step) {
  // Lagrange's form of the same polynomial gives the weights directly.
  std::vector<double> weights;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    double weight = 1;
    for (std::size_t j = 0; j < sources.size(); ++j) {
      if (j != i) weight *= double(step - sources[j]) / double(sources[i] - sources[j]);
    }
    weights.push_back(weight);
  }
  return weights;
}

}  // namespace fdbench
