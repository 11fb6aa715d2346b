// What conditions a prediction besides the latent and the timestep: diffusers' names and a tensor
// each. Nothing but the model that reads a name, and the task that makes its tensor, knows what it
// means.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <utility>

namespace fdbench {

class Conditioning {
 public:
  Conditioning() = default;
  /// Undefined tensors are left out.
  Conditioning(std::initializer_list<std::pair<std::string, at::Tensor>> tensors);

  /// Undefined where there is none of that name.
  at::Tensor get(const std::string& name) const;
  bool has(const std::string& name) const { return tensors_.count(name) > 0; }
  /// An undefined tensor takes the name out.
  void set(const std::string& name, at::Tensor tensor);
  bool empty() const { return tensors_.empty(); }
  const std::map<std::string, at::Tensor>& tensors() const { return tensors_; }

  /// change: (name, tensor) -> tensor, of every tensor.
  template <typename Change>
  Conditioning changed(const Change& change) const {
    Conditioning made;
    for (const auto& [name, tensor] : tensors_) made.set(name, change(name, tensor));
    return made;
  }
  /// Entries `first` to `first` + `count` - 1 of each batch.
  Conditioning entries(std::int64_t first, std::int64_t count) const;

 private:
  std::map<std::string, at::Tensor> tensors_;
};

/// Both along the batch, [first; second]. Throws a usage error where a name is in one only, or its
/// shapes differ.
Conditioning joined(const Conditioning& first, const Conditioning& second);

}  // namespace fdbench
