#include "execution/row_decider.h"

#include <ATen/ATen.h>

#include <utility>

namespace fdbench {
namespace {

/// First-block caching: everything is computed where mean|r - r'| / mean|r'| > threshold, with r
/// the first block's residual (output less input, or the output where their shapes differ) and r'
/// that of the last step that computed everything. In float32. The three tensors of a picture are
/// made at its first two steps and filled again at the others.
class FirstBlockRule final : public RowDecider {
 public:
  explicit FirstBlockRule(AdaptiveRefresh rule)
      : rule_(std::move(rule)), looks_at_{rule_.input, rule_.head} {}

  const std::vector<int>& looks_at() const override { return looks_at_; }

  bool refreshes(int step, std::span<const Value* const> seen) override {
    take_residual(seen[0]->front(), seen[1]->front());
    const bool must = !refreshed_.defined() || step < rule_.warmup ||
                      (rule_.max_run > 0 && num_reused_ >= rule_.max_run);
    const bool refresh = must || change() > rule_.threshold * scale_;
    num_reused_ = refresh ? 0 : num_reused_ + 1;
    if (refresh) keep();
    return refresh;
  }

 private:
  /// r of this step, into `residual_`.
  void take_residual(const at::Tensor& input, const at::Tensor& output) {
    if (!residual_.defined()) residual_ = at::empty_like(output, at::kFloat);
    residual_.copy_(output);
    const bool fits = input.dim() == output.dim() && input.size(0) <= output.size(0) &&
                      input.sizes().slice(1) == output.sizes().slice(1);
    if (fits) residual_.sub_(input);
  }

  /// mean|r - r'|.
  double change() {
    return at::sub_out(scratch_, residual_, refreshed_).abs_().mean().item<double>();
  }

  /// r becomes r'; the tensor of the r' before takes the next r.
  void keep() {
    std::swap(residual_, refreshed_);
    if (!scratch_.defined()) scratch_ = at::empty_like(refreshed_);
    scale_ = at::abs_out(scratch_, refreshed_).mean().item<double>();
  }

  AdaptiveRefresh rule_;
  std::vector<int> looks_at_;
  at::Tensor residual_, refreshed_, scratch_;
  /// mean|r'|.
  double scale_ = 0;
  /// Steps in a row that reused.
  int num_reused_ = 0;
};

}  // namespace

std::unique_ptr<RowDecider> make_row_decider(const AdaptiveRefresh& rule) {
  return std::make_unique<FirstBlockRule>(rule);
}

}  // namespace fdbench
