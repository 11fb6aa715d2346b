// Peak memory of a piece of work: resident memory of the process on a CPU, the allocator's on CUDA.
#pragma once

#include <ATen/ATen.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

namespace fdbench {

/// A field of /proc/self/status in bytes ("VmRSS", "VmHWM"); 0 where the system has none.
std::int64_t process_status_bytes(const char* field);

/// Highest resident memory of the process since construction, looked at every 2 ms from a thread of
/// its own: a peak shorter than that can be missed.
class ResidentSampler {
 public:
  ResidentSampler();
  ~ResidentSampler();
  ResidentSampler(const ResidentSampler&) = delete;
  ResidentSampler& operator=(const ResidentSampler&) = delete;

  /// [bytes]
  std::int64_t peak() const;

 private:
  void watch();

  std::atomic<std::int64_t> peak_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

/// A window that begins with its construction and says how far memory grew in it.
///
/// CPU: resident memory of the whole process. Linux resets its own high-water mark (VmHWM) when 5
/// is written to /proc/self/clear_refs (proc(5)); where that file cannot be written, a
/// ResidentSampler stands in. Memory that malloc holds free is given back to the system first, else
/// work could reuse it without a trace. The mark belongs to the process, so windows must not
/// overlap: a new one ends the old one's.
///
/// CUDA: bytes handed out by PyTorch's caching allocator on that device (not what it reserves).
class PeakMemory {
 public:
  explicit PeakMemory(const at::Device& device);

  /// Growth of the peak above the level at construction [bytes], 0 or more.
  std::int64_t bytes() const;

 private:
  at::Device device_;
  std::int64_t level_ = 0;
  /// Only where the high-water mark cannot be reset.
  std::unique_ptr<ResidentSampler> sampler_;
};

}  // namespace fdbench
