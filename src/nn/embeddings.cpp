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

TimestepEmbedding::TimestepEmbedding(const WeightScope& scope, std::int64_t in, std::int64_t out,
                                     Activation activation, std::int64_t condition_dim)
    : TimestepEmbedding(scope, in, out, activation) {
  if (condition_dim > 0) {
    cond_proj = Linear(scope / "cond_proj", condition_dim, in, /*with_bias=*/false);
  }
}

at::Tensor TimestepEmbedding::operator()(const at::Tensor& x, const at::Tensor& condition) const {
  const at::Tensor input = condition.defined() ? x + cond_proj(condition) : x;
  return linear_2(activate_in_place(linear_1(input), activation));
}

at::Tensor guidance_scale_embedding(double w, std::int64_t dim) {
  const std::int64_t half = dim / 2;
  const auto options = at::TensorOptions().dtype(at::kFloat);
  const at::Tensor step = at::log(at::full({}, 10000.0, options)).div(half - 1);
  const at::Tensor angle = at::full({1, 1}, w, options).mul(1000.0) *
                           at::exp(at::arange(half, options) * -step).unsqueeze(0);
  const at::Tensor embedding = at::cat({at::sin(angle), at::cos(angle)}, 1);
  return dim % 2 == 0 ? embedding : at::constant_pad_nd(embedding, {0, 1}, 0);
}

}  // namespace fdbench
