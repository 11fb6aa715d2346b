// What the kernels of attention share: one head's part of the work.
#pragma once

#include <cstdint>

namespace fdbench {

/// Some queries of one head and all keys and values that they meet, these packed as the kernel
/// reads them. Rows of queries and results are `query_stride` and `out_stride` elements apart.
template <typename T>
struct AttentionHead {
  const T* query;
  std::int64_t query_stride, rows;
  const T* keys;
  const T* values;
  std::int64_t length, head_dim;
  T* out;
  std::int64_t out_stride;
};

}  // namespace fdbench
