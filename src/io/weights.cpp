#include "io/weights.h"

#include <c10/util/StringUtil.h>

#include <utility>

#include "core/device.h"
#include "core/error.h"

namespace fdbench {
namespace {

/// Buffers of positions that older transformers files hold among the weights, as integers.
bool is_index_buffer(const std::string& name) { return name.ends_with("position_ids"); }

}  // namespace

SafetensorsWeights::SafetensorsWeights(std::vector<SafetensorsFile> files, at::ScalarType dtype,
                                       at::Device device)
    : files_(std::move(files)), dtype_(dtype), device_(device) {
  for (std::size_t i = 0; i < files_.size(); ++i) {
    for (const std::string& name : files_[i].names()) {
      const auto [found, is_new] = file_of_.emplace(name, i);
      if (!is_new) {
        throw runtime_error({files_[i].path().string()}, "tensor '" + name + "' is also in " +
                                                             files_[found->second].path().string());
      }
    }
  }
}

bool SafetensorsWeights::contains(const std::string& name) const { return file_of_.contains(name); }

at::Tensor SafetensorsWeights::take(const std::string& name, at::IntArrayRef shape) {
  const auto found = file_of_.find(name);
  if (found == file_of_.end()) throw missing(name);
  const SafetensorsFile& file = files_[found->second];
  const Place place{file.path().string()};
  const at::Tensor stored = file.tensor(name);
  if (stored.sizes() != shape) {
    throw runtime_error(place, c10::str("tensor '", name, "' has shape ", stored.sizes(),
                                        ", the config wants ", shape));
  }
  taken_.insert(name);
  const bool is_index = is_index_buffer(name);
  if (!is_index && !stored.is_floating_point()) {
    throw runtime_error(place, "tensor '" + name + "' holds " + dtype_name(stored.scalar_type()) +
                                   " values, a weight must be floating-point");
  }
  const at::ScalarType dtype = is_index ? stored.scalar_type() : dtype_;
  if (device_.is_meta()) return at::empty(shape, at::TensorOptions().dtype(dtype).device(device_));
  // Always a copy, never a view of the mapping: timings then do not depend on the file's alignment
  // or on pages that the system has dropped, and a file that is replaced during a run does no harm.
  at::Tensor tensor = memory_.empty(shape, dtype);
  file.read(name, tensor);
  return tensor.to(device_);
}

void SafetensorsWeights::finish() {
  std::string first;
  std::size_t count = 0;
  for (const auto& [name, file] : file_of_) {
    if (taken_.contains(name)) continue;
    if (count++ == 0) first = name;
  }
  if (count == 0) return;
  const std::string others = count == 1 ? "" : " (and " + std::to_string(count - 1) + " more)";
  throw runtime_error(
      {files_[file_of_.at(first)].path().string()},
      "tensor '" + first + "'" + others + " is surplus: the config has no place for it");
}

void SafetensorsWeights::allow_surplus(const std::string& name) { taken_.insert(name); }

Error SafetensorsWeights::missing(const std::string& name) const {
  std::vector<std::string> left;
  for (const auto& [present, file] : file_of_) {
    if (!taken_.contains(present)) left.push_back(present);
  }
  const std::string near = nearest(name, left);
  const std::string file = files_.empty() ? "weights" : files_.front().path().string();
  return runtime_error(
      {files_.size() > 1 ? file + " and its other shards" : file},
      "tensor '" + name + "' is missing; the config wants it" +
          (near.empty() ? "" : ", the nearest name in the file is '" + near + "'"));
}

}  // namespace fdbench
