// Layers of a graph on the meta device, which take their weights when they first run.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "io/weights.h"

namespace fdbench {

/// Module: what holds a layer's weights.
template <typename Module>
class UnreadLayers {
 public:
  UnreadLayers(std::unique_ptr<Weights> weights, std::size_t num_layers)
      : weights_(std::move(weights)), modules_(num_layers), num_unread_(num_layers) {}

  Weights& weights() { return *weights_; }
  /// Layer `index` with its weights, which `make` takes once; the file is closed after the last
  /// layer.
  const Module& read(std::size_t index, const std::function<Module(Weights&)>& make) {
    const std::lock_guard lock(mutex_);
    std::optional<Module>& module = modules_[index];
    if (!module) {
      module = make(*weights_);
      if (--num_unread_ == 0) weights_.reset();
    }
    return *module;
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<Weights> weights_;
  std::vector<std::optional<Module>> modules_;
  std::size_t num_unread_;
};

}  // namespace fdbench
