// Strict reading of one component's weights: each tensor is asked for by name and shape, and
// nothing may be left over.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/error.h"
#include "io/recycled_memory.h"
#include "io/safetensors.h"

namespace fdbench {

/// Where a model takes its tensors from. Keys are the safetensors keys, which are diffusers' module
/// names.
class Weights {
 public:
  virtual ~Weights() = default;

  /// Tensor `name` in this source's dtype and device. Throws when it is missing, its shape is not
  /// `shape`, or it holds no floating-point numbers (buffers named `position_ids` excepted, which
  /// stay as they are stored).
  virtual at::Tensor take(const std::string& name, at::IntArrayRef shape) = 0;
  virtual bool contains(const std::string& name) const = 0;
  /// Throws when a tensor is left that nobody took (a surplus tensor is named).
  virtual void finish() = 0;
};

/// Weights from one safetensors file or from the shards of an index.
class SafetensorsWeights : public Weights {
 public:
  /// dtype, device: what `take` converts to.
  SafetensorsWeights(std::vector<SafetensorsFile> files, at::ScalarType dtype, at::Device device);

  at::Tensor take(const std::string& name, at::IntArrayRef shape) override;
  bool contains(const std::string& name) const override;
  void finish() override;
  /// Accepts (ignores) a surplus tensor, such as transformers' old `position_ids` buffers.
  void allow_surplus(const std::string& name);

 private:
  Error missing(const std::string& name) const;

  std::vector<SafetensorsFile> files_;
  std::map<std::string, std::size_t> file_of_;
  std::set<std::string> taken_;
  at::ScalarType dtype_;
  at::Device device_;
  RecycledMemory memory_;
};

}  // namespace fdbench
