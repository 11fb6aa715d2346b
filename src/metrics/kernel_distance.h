// Maximum mean discrepancies between two sets of features: KID and CMMD.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace fdbench {

/// Kernel Inception distance (Binkowski et al. 2018): the unbiased estimate of the squared maximum
/// mean discrepancy with the kernel (x.y / d + 1)^3, of all pairs, block by block in float64.
/// a: [n, d], b: [m, d], at least two samples each.
double kernel_inception_distance(const at::Tensor& a, const at::Tensor& b);

/// The same as mean and deviation over `subsets` random subsets of `size` samples each, drawn
/// without replacement: what torch-fidelity prints (it draws 100 of 1000). size: at most n and m.
struct SubsetDistance {
  double mean = 0, std = 0;
};
SubsetDistance subset_kernel_distance(const at::Tensor& a, const at::Tensor& b, int subsets,
                                      std::int64_t size, std::uint64_t seed);

/// CMMD (Jayasumana et al. 2024): 1000 times the biased estimate with the Gaussian kernel of
/// sigma 10, on embeddings of length 1 (CLIP's). Rows are brought to length 1 first.
double clip_maximum_mean_discrepancy(const at::Tensor& a, const at::Tensor& b);

}  // namespace fdbench
