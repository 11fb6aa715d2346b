#include "profiling/process_memory.h"

#include <c10/core/CachingDeviceAllocator.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>

namespace fdbench {
namespace {

constexpr std::chrono::milliseconds kSamplingPeriod{2};
constexpr std::int64_t kKibibyte = 1024;

/// True when VmHWM now equals VmRSS.
bool reset_high_water_mark() {
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;
  return file.good();
}

c10::CachingAllocator::Stat allocated(const at::Device& device) {
  const auto stats = c10::getDeviceAllocator(device.type())->getDeviceStats(device.index());
  return stats
      .allocated_bytes[static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE)];
}

}  // namespace

std::int64_t process_status_bytes(const char* field) {
  const std::string wanted = std::string(field) + ":";
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(wanted, 0) == 0) return std::stoll(line.substr(wanted.size())) * kKibibyte;
  }
  return 0;
}

ResidentSampler::ResidentSampler() : peak_(process_status_bytes("VmRSS")) {
  thread_ = std::thread([this] { watch(); });
}

ResidentSampler::~ResidentSampler() {
  stop_ = true;
  thread_.join();
}

void ResidentSampler::watch() {
  while (!stop_) {
    peak_ = std::max(peak_.load(), process_status_bytes("VmRSS"));
    std::this_thread::sleep_for(kSamplingPeriod);
  }
}

std::int64_t ResidentSampler::peak() const {
  return std::max(peak_.load(), process_status_bytes("VmRSS"));
}

PeakMemory::PeakMemory(const at::Device& device) : device_(device) {
  if (device_.is_cuda()) {
    if (!device_.has_index()) device_ = at::Device(device_.type(), 0);
    c10::getDeviceAllocator(device_.type())->resetPeakStats(device_.index());
    level_ = allocated(device_).current;
    return;
  }
  malloc_trim(0);
  level_ = process_status_bytes("VmRSS");
  if (!reset_high_water_mark()) sampler_ = std::make_unique<ResidentSampler>();
}

std::int64_t PeakMemory::bytes() const {
  if (device_.is_cuda()) return allocated(device_).peak - level_;
  const std::int64_t peak = sampler_ ? sampler_->peak() : process_status_bytes("VmHWM");
  return std::max<std::int64_t>(peak - level_, 0);
}

}  // namespace fdbench
