// When work is worth sharing among threads.
#pragma once

#include <cstdint>

namespace fdbench {

/// Grain size for at::parallel_for over `count` equal pieces of `work` element operations in all:
/// everything on one thread where handing it out would cost more than it saves, else as many pieces
/// as there are.
inline std::int64_t grain_size(std::int64_t count, std::int64_t work) {
  // As ATen's own grain size.
  constexpr std::int64_t kWorthwhile = 32768;
  return work < kWorthwhile ? (count > 0 ? count : 1) : 1;
}

}  // namespace fdbench
