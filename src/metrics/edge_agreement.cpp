#include "metrics/edge_agreement.h"

#include "core/error.h"

namespace fdbench {
namespace {

/// 1 within `tolerance` pixels of an edge. map: [n, h, w] float32, 0 or 1.
at::Tensor dilated(const at::Tensor& map, std::int64_t tolerance) {
  const std::int64_t side = 2 * tolerance + 1;
  return at::max_pool2d(map.unsqueeze(1), {side, side}, {1, 1}, {tolerance, tolerance}).squeeze(1);
}

/// [n] float64. The sums are whole numbers.
at::Tensor count(const at::Tensor& map) { return map.sum({1, 2}, false, at::kDouble); }

/// found / all, 0 where there are none.
at::Tensor share(const at::Tensor& found, const at::Tensor& all) {
  return found / all.clamp_min(1);
}

}  // namespace

EdgeAgreement edge_agreement(const at::Tensor& edges, const at::Tensor& wanted,
                             std::int64_t tolerance) {
  if (edges.dim() != 3 || edges.sizes() != wanted.sizes()) {
    throw usage_error(c10::str("edges of ", edges.sizes(), " do not lie on wanted ones of ",
                               wanted.sizes(), ": both must be [n, h, w]"));
  }
  const at::Tensor own = edges.ne(0).to(at::kFloat), their = wanted.ne(0).to(at::kFloat);
  const at::Tensor num_own = count(own), num_their = count(their);
  const at::Tensor none = at::logical_and(num_own.eq(0), num_their.eq(0)).to(at::kDouble);
  const at::Tensor precision = share(count(own * dilated(their, tolerance)), num_own) + none;
  const at::Tensor recall = share(count(their * dilated(own, tolerance)), num_their) + none;
  const at::Tensor sum = precision + recall;
  const at::Tensor f1 = at::where(sum.gt(0), 2 * precision * recall / sum, 0.0);
  return {f1, precision, recall};
}

at::Tensor drawn_edges(const at::Tensor& control) { return control.gt(127).any(2); }

EdgeAgreement control_agreement(const at::Tensor& pictures, const at::Tensor& drawn,
                                const EdgeOptions& options) {
  std::vector<at::Tensor> edges;
  for (const at::Tensor& picture : pictures.unbind(0)) {
    edges.push_back(canny(picture, options.canny));
  }
  return edge_agreement(at::stack(edges, 0), drawn, options.tolerance);
}

}  // namespace fdbench
