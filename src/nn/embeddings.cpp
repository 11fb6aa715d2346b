#include "nn/embeddings.h"

#include <cmath>

namespace fdbench {

at::Tensor Timesteps::operator()(const at::Tensor& values) const {
  const std::int64_t half = num_channels / 2;
  const auto options = at::TensorOptions().dtype(at::kFloat).device(values.device());
  const at::Tensor exponent =
      at::arange(half, options).mul(-std::log(10000.0)).div(static_cast<double>(half) - freq_shift);
  const at::Tensor angle = values.to(at::kFloat).unsqueeze(1) * at::exp(exponent).unsqueeze(0);
  const at::Tensor sine = at::sin(angle), cosine = at::cos(angle);
  const at::Tensor embedding =
      flip_sin_to_cos ? at::cat({cosine, sine}, 1) : at::cat({sine, cosine}, 1);
  return num_channels % 2 == 0 ? embedding : at::constant_pad_nd(embedding, {0, 1}, 0);
}

TimestepEmbedding::TimestepEmbedding(const WeightScope& scope, std::int64_t in, std::int64_t out,
                                     Activation activation)
    : linear_1(scope / "linear_1", in, out),
      linear_2(scope / "linear_2", out, out),
      activation(activation) {}

at::Tensor TimestepEmbedding::operator()(const at::Tensor& x) const {
  return linear_2(activate_in_place(linear_1(x), activation));
}

}  // namespace fdbench
