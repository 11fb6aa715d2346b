// Activations by the names that diffusers and transformers use.
#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <string>
#include <vector>

namespace fdbench {

enum class Activation { kSilu, kMish, kGelu, kRelu, kQuickGelu };

/// "silu" (or "swish"), "mish", "gelu" (exact), "relu", "quick_gelu"; empty for another name.
std::optional<Activation> parse_activation(const std::string& name);
std::vector<std::string> activation_names();

/// Applies the activation in place: `x` must be a temporary of the caller's. -> `x`.
at::Tensor activate_in_place(at::Tensor x, Activation activation);

}  // namespace fdbench
