#include "kernels/activation.h"

#include <map>

namespace fdbench {
namespace {

const std::map<std::string, Activation>& activations() {
  static const std::map<std::string, Activation> table = {
      {"silu", Activation::kSilu}, {"swish", Activation::kSilu},
      {"mish", Activation::kMish}, {"gelu", Activation::kGelu},
      {"relu", Activation::kRelu}, {"quick_gelu", Activation::kQuickGelu}};
  return table;
}

}  // namespace

std::optional<Activation> parse_activation(const std::string& name) {
  const auto found = activations().find(name);
  if (found == activations().end()) return std::nullopt;
  return found->second;
}

std::vector<std::string> activation_names() {
  std::vector<std::string> names;
  for (const auto& [name, activation] : activations()) names.push_back(name);
  return names;
}

at::Tensor activate_in_place(at::Tensor x, Activation activation) {
  switch (activation) {
    case Activation::kSilu:
      return at::silu_(x);
    case Activation::kMish:
      return at::mish_(x);
    case Activation::kGelu:
      return at::gelu_(x);
    case Activation::kRelu:
      return at::relu_(x);
    case Activation::kQuickGelu:
      return x.mul_(at::sigmoid(x * 1.702));
  }
  return x;
}

}  // namespace fdbench
