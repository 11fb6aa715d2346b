// What this machine's CPU can do.
#pragma once

#include <ATen/ATen.h>

namespace fdbench {

/// True where oneDNN multiplies matrices of `dtype` with instructions made for it: float32 with
/// AVX2, bfloat16 with AVX-512 BF16 or AMX.
bool has_fast_products(at::ScalarType dtype);

/// True where oneDNN takes convolutions and linear layers of `dtype` with weights in its own order.
bool has_packed_layers(at::ScalarType dtype);

}  // namespace fdbench
