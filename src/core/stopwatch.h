// Wall time of work on a device.
#pragma once

#include <ATen/ATen.h>

#include <chrono>

#include "core/device.h"

namespace fdbench {

/// Adds up the wall time between `start` and `stop`; both wait until the device is done.
class Stopwatch {
 public:
  explicit Stopwatch(at::Device device) : device_(device) {}

  void start() {
    synchronize(device_);
    start_ = std::chrono::steady_clock::now();
  }
  void stop() {
    synchronize(device_);
    seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  double seconds() const { return seconds_; }

 private:
  at::Device device_;
  std::chrono::steady_clock::time_point start_;
  double seconds_ = 0;
};

}  // namespace fdbench
