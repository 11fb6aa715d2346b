#include "nn/embeddings.h"

#include <cmath>

namespace fdbench {
namespace {

/// Places 0 ... count - 1 of a side, stretched over `base_size` -> [count, dim] float64.
at::Tensor sincos_of_side(std::int64_t dim, std::int64_t count, std::int64_t base_size) {
  const double stretch = static_cast<double>(count) / static_cast<double>(base_size);
  const at::Tensor place = at::arange(count, at::kFloat).div(stretch).to(at::kDouble);
  const at::Tensor exponent = at::arange(dim / 2, at::kDouble).div(static_cast<double>(dim) / 2.0);
  const at::Tensor angle = at::outer(place, at::pow(10000.0, exponent).reciprocal());
  return at::cat({at::sin(angle), at::cos(angle)}, 1);
}

}  // namespace

at::Tensor sincos_positions(std::int64_t dim, std::int64_t height, std::int64_t width,
                            std::int64_t base_size) {
  const at::Tensor columns = sincos_of_side(dim / 2, width, base_size).unsqueeze(0);
  const at::Tensor rows = sincos_of_side(dim / 2, height, base_size).unsqueeze(1);
  const std::vector<std::int64_t> grid = {height, width, dim / 2};
  return at::cat({columns.expand(grid), rows.expand(grid)}, 2)
      .view({height * width, dim})
      .to(at::kFloat);
}

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
