#include "kernels/cpu_features.h"

namespace fdbench {

#if defined(__x86_64__) && defined(__GNUC__)

bool has_fast_products(at::ScalarType dtype) {
  if (!at::hasMKLDNN() || !at::globalContext().userEnabledMkldnn()) return false;
  if (dtype == at::kFloat) return __builtin_cpu_supports("avx2") != 0;
  return dtype == at::kBFloat16 && __builtin_cpu_supports("avx512bf16") != 0;
}

bool has_packed_layers(at::ScalarType dtype) {
  if (!at::hasMKLDNN() || !at::globalContext().userEnabledMkldnn()) return false;
  if (dtype == at::kFloat) return true;
  return dtype == at::kBFloat16 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512dq") != 0;
}

#else

bool has_fast_products(at::ScalarType) { return false; }
bool has_packed_layers(at::ScalarType) { return false; }

#endif

}  // namespace fdbench
