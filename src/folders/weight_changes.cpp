#include "folders/weight_changes.h"

#include "core/device.h"
#include "core/error.h"

namespace fdbench {
namespace {

/// [n, m] of a matrix or a pointwise kernel.
at::Tensor matrix(const at::Tensor& tensor) {
  return tensor.to(at::kFloat).reshape({tensor.size(0), tensor.size(1)});
}

/// up x down, [out, in x kh x kw] in the order of a kernel.
at::Tensor product(const LowRankChange& change) {
  const at::Tensor up = matrix(change.up);
  if (!change.mid.defined()) {
    return up.matmul(change.down.to(at::kFloat).reshape({change.down.size(0), -1}));
  }
  const at::Tensor mid = change.mid.to(at::kFloat);
  const at::Tensor through = at::einsum("oa,abhw->obhw", {up, mid});
  return at::einsum("obhw,bi->oihw", {through, matrix(change.down)});
}

}  // namespace

std::vector<std::int64_t> change_shape(const LowRankChange& change, at::IntArrayRef weight) {
  std::vector<std::int64_t> shape = {change.up.size(0), change.down.size(1)};
  const at::Tensor& kernel = change.mid.defined() ? change.mid : change.down;
  std::int64_t height = 1, width = 1;
  if (kernel.dim() == 4) {
    height = kernel.size(2);
    width = kernel.size(3);
  }
  // A pointwise convolution and a linear layer are the same thing.
  if (weight.size() == 4 || height * width != 1) {
    shape.push_back(height);
    shape.push_back(width);
  }
  return shape;
}

at::Tensor changed(at::Tensor stored, const TensorChange& change) {
  if (change.replacement.defined()) stored = change.replacement.to(at::kFloat, false, true);
  for (const LowRankChange& added : change.added) {
    stored.add_(product(added).reshape(stored.sizes()), added.scale);
  }
  if (change.rows.empty()) return stored;
  std::vector<at::Tensor> rows = {stored};
  for (const at::Tensor& row : change.rows) rows.push_back(row.to(at::kFloat));
  return at::cat(rows);
}

at::Tensor finite_numbers(const SafetensorsFile& file, const std::string& key) {
  const Place place{file.path().string()};
  at::Tensor tensor = file.tensor(key);
  if (!tensor.is_floating_point()) {
    if (tensor.numel() == 1) return tensor;
    throw usage_error(place, "key '" + key + "' holds " + dtype_name(tensor.scalar_type()) +
                                 " values; a weight must be floating-point");
  }
  if (at::isfinite(tensor.to(at::kFloat)).all().item<bool>()) return tensor;
  throw usage_error(place, "key '" + key + "' holds values that are not finite (NaN or infinity)");
}

}  // namespace fdbench
