#include "folders/merged_weights.h"

#include <utility>

#include "core/error.h"

namespace fdbench {

MergedWeights::MergedWeights(std::vector<SafetensorsFile> files,
                             std::shared_ptr<const PartChanges> changes, at::ScalarType dtype,
                             at::Device device)
    : plain_(files, dtype, device),
      exact_(std::move(files), at::kFloat, at::Device(at::kCPU)),
      changes_(std::move(changes)),
      dtype_(dtype),
      device_(device) {}

at::Tensor MergedWeights::take(const std::string& name, at::IntArrayRef shape) {
  const auto found = changes_->find(name);
  if (found == changes_->end()) return plain_.take(name, shape);
  std::vector<std::int64_t> stored = shape.vec();
  for (const at::Tensor& rows : found->second.rows) stored.at(0) -= rows.size(0);
  taken_.insert(name);
  if (device_.is_meta()) {
    plain_.take(name, stored);
    return at::empty(shape, at::TensorOptions().dtype(dtype_).device(device_));
  }
  at::Tensor tensor = changed(exact_.take(name, stored), found->second);
  plain_.allow_surplus(name);
  return tensor.to(device_, dtype_);
}

void MergedWeights::finish() {
  plain_.finish();
  for (const auto& [name, change] : *changes_) {
    if (!taken_.contains(name)) {
      throw runtime_error("a change of the tensor '" + name + "' was not applied");
    }
  }
}

}  // namespace fdbench
