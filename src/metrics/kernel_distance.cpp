#include "metrics/kernel_distance.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "core/error.h"

namespace fdbench {
namespace {

/// Of a block of the kernel matrix.
constexpr std::int64_t kRows = 2048;
constexpr double kSigma = 10, kCmmdScale = 1000;

/// From the products of two blocks of rows, and their squared lengths: [n, 1] and [1, m].
using Kernel = std::function<at::Tensor(const at::Tensor& products, const at::Tensor& rows,
                                        const at::Tensor& columns)>;

at::Tensor block(const at::Tensor& features, std::int64_t first) {
  return features.narrow(0, first, std::min(kRows, features.size(0) - first)).to(at::kDouble);
}

/// Sum of the kernel over all pairs; diagonal: adds that of each sample with itself.
double kernel_sum(const at::Tensor& a, const at::Tensor& b, const Kernel& kernel,
                  double* diagonal = nullptr) {
  double sum = 0;
  for (std::int64_t i = 0; i < a.size(0); i += kRows) {
    const at::Tensor rows = block(a, i);
    const at::Tensor lengths = rows.square().sum(1, /*keepdim=*/true);
    for (std::int64_t j = 0; j < b.size(0); j += kRows) {
      const at::Tensor columns = block(b, j);
      const at::Tensor values =
          kernel(at::mm(rows, columns.t()), lengths, columns.square().sum(1, /*keepdim=*/true).t());
      sum += values.sum().item<double>();
      if (diagonal != nullptr && i == j) *diagonal += values.trace().item<double>();
    }
  }
  return sum;
}

Kernel cubic(std::int64_t dimension) {
  const double scale = 1.0 / static_cast<double>(dimension);
  return [scale](const at::Tensor& products, const at::Tensor&, const at::Tensor&) {
    return (products * scale + 1).pow(3);
  };
}

void check(const at::Tensor& a, const at::Tensor& b) {
  if (a.size(1) != b.size(1)) {
    throw usage_error("features of dimension " + std::to_string(a.size(1)) +
                      " and a reference of dimension " + std::to_string(b.size(1)));
  }
  if (a.size(0) < 2 || b.size(0) < 2) throw usage_error("a kernel distance needs 2 samples each");
}

}  // namespace

double kernel_inception_distance(const at::Tensor& a, const at::Tensor& b) {
  check(a, b);
  const Kernel kernel = cubic(a.size(1));
  const auto n = static_cast<double>(a.size(0)), m = static_cast<double>(b.size(0));
  double a_diagonal = 0, b_diagonal = 0;
  const double within_a = kernel_sum(a, a, kernel, &a_diagonal) - a_diagonal;
  const double within_b = kernel_sum(b, b, kernel, &b_diagonal) - b_diagonal;
  return within_a / (n * (n - 1)) + within_b / (m * (m - 1)) -
         2 * kernel_sum(a, b, kernel) / (n * m);
}

SubsetDistance subset_kernel_distance(const at::Tensor& a, const at::Tensor& b, int subsets,
                                      std::int64_t size, std::uint64_t seed) {
  check(a, b);
  const at::Generator generator = at::detail::createCPUGenerator(seed);
  const auto subset = [&](const at::Tensor& of) {
    return of.index_select(0, at::randperm(of.size(0), generator, at::kLong).narrow(0, 0, size));
  };
  std::vector<double> values;
  for (int i = 0; i < subsets; ++i) {
    const at::Tensor chosen = subset(a);
    values.push_back(kernel_inception_distance(chosen, subset(b)));
  }
  const at::Tensor all = at::tensor(values, at::kDouble);
  return {all.mean().item<double>(), all.std(/*unbiased=*/false).item<double>()};
}

double clip_maximum_mean_discrepancy(const at::Tensor& a, const at::Tensor& b) {
  check(a, b);
  const auto unit = [](const at::Tensor& x) {
    const at::Tensor rows = x.to(at::kDouble);
    return rows / rows.norm(2, 1, /*keepdim=*/true);
  };
  const at::Tensor x = unit(a), y = unit(b);
  const Kernel kernel = [](const at::Tensor& products, const at::Tensor& rows,
                           const at::Tensor& columns) {
    return ((rows + columns - 2 * products) / (-2 * kSigma * kSigma)).exp();
  };
  const auto n = static_cast<double>(a.size(0)), m = static_cast<double>(b.size(0));
  return kCmmdScale * (kernel_sum(x, x, kernel) / (n * n) + kernel_sum(y, y, kernel) / (m * m) -
                       2 * kernel_sum(x, y, kernel) / (n * m));
}

}  // namespace fdbench
