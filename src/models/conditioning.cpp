#include "models/conditioning.h"

#include "core/error.h"

namespace fdbench {

Conditioning::Conditioning(std::initializer_list<std::pair<std::string, at::Tensor>> tensors) {
  for (const auto& [name, tensor] : tensors) set(name, tensor);
}

at::Tensor Conditioning::get(const std::string& name) const {
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? at::Tensor() : found->second;
}

void Conditioning::set(const std::string& name, at::Tensor tensor) {
  if (!tensor.defined()) {
    tensors_.erase(name);
  } else {
    tensors_[name] = std::move(tensor);
  }
}

Conditioning Conditioning::entries(std::int64_t first, std::int64_t count) const {
  return changed(
      [&](const std::string&, const at::Tensor& tensor) { return tensor.narrow(0, first, count); });
}

Conditioning joined(const Conditioning& first, const Conditioning& second) {
  for (const auto& [name, tensor] : first.tensors()) {
    if (!second.has(name)) {
      throw usage_error("guidance needs " + name + " for both the prompt and the negative prompt");
    }
  }
  return second.changed([&](const std::string& name, const at::Tensor& tensor) {
    const at::Tensor other = first.get(name);
    if (!other.defined()) {
      throw usage_error("guidance needs " + name + " for both the prompt and the negative prompt");
    }
    if (other.sizes() != tensor.sizes()) {
      throw usage_error("guidance needs " + name + " of the same shape for the prompt " +
                        c10::str(tensor.sizes()) + " and the negative prompt " +
                        c10::str(other.sizes()));
    }
    return at::cat({other, tensor}, 0);
  });
}

}  // namespace fdbench
