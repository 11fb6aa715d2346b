#include "kernels/channels_last.h"

namespace fdbench {

std::int64_t pixel_stride(const at::Tensor& x) {
  if (x.size(3) > 1) return x.stride(3);
  return x.size(2) > 1 ? x.stride(2) : x.size(1);
}

bool has_pixel_rows(const at::Tensor& x) {
  if (x.size(1) > 1 && x.stride(1) != 1) return false;
  if (pixel_stride(x) < x.size(1)) return false;
  return x.size(2) <= 1 || x.size(3) <= 1 || x.stride(2) == x.size(3) * x.stride(3);
}

at::Tensor pixel_rows(const at::Tensor& x) {
  return has_pixel_rows(x) ? x : x.contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor as_tokens(const at::Tensor& x) {
  const at::Tensor rows = pixel_rows(x);
  return rows.as_strided({x.size(0), x.size(2) * x.size(3), x.size(1)},
                         {rows.stride(0), pixel_stride(rows), 1});
}

at::Tensor as_feature_map(const at::Tensor& tokens, std::int64_t height, std::int64_t width) {
  return tokens.view({tokens.size(0), height, width, tokens.size(2)}).permute({0, 3, 1, 2});
}

}  // namespace fdbench
