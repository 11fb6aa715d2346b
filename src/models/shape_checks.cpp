#include "models/shape_checks.h"

#include <algorithm>

#include "core/error.h"

namespace fdbench {
namespace {

std::string shape_text(const at::Tensor& tensor) {
  std::vector<std::string> sizes;
  for (const std::int64_t size : tensor.sizes()) sizes.push_back(std::to_string(size));
  return shape_words(sizes);
}

}  // namespace

std::string shape_words(const std::vector<std::string>& sizes) {
  std::string text = "[";
  for (const std::string& size : sizes) text.append(text.size() == 1 ? "" : ", ").append(size);
  return text.append("]");
}

void check_shape(const std::string& name, const at::Tensor& tensor, at::IntArrayRef shape,
                 const std::string& shape_in_words, const std::string& network) {
  if (!tensor.defined()) {
    throw usage_error(name + " is missing: " + network + " needs " + shape_in_words);
  }
  bool fits = tensor.dim() == static_cast<std::int64_t>(shape.size());
  for (std::size_t i = 0; fits && i < shape.size(); ++i) {
    fits = shape[i] < 0 || tensor.sizes()[i] == shape[i];
  }
  if (fits) return;
  throw usage_error(name + " has shape " + shape_text(tensor) + "; " + network + " needs " +
                    shape_in_words);
}

void check_batches(const std::string& name, std::int64_t batch, std::int64_t other) {
  if (batch > 0 && other > 0 && std::max(batch, other) % std::min(batch, other) == 0) return;
  throw usage_error(name + " has a batch of " + std::to_string(batch) +
                    ", which does not go with " + std::to_string(other));
}

}  // namespace fdbench
