#include "execution/row_decider.h"

#include <ATen/ATen.h>

#include <utility>

namespace fdbench {
namespace {

/// First-block caching: everything is computed where mean|r - r'| / mean|r'| > threshold, with r
/// the first block's residual (output less input, or the output where their shapes differ) and r'
/// that of the last step that computed everything.
class FirstBlockRule final : public RowDecider {
 public:
  explicit FirstBlockRule(AdaptiveRefresh rule)
      : rule_(std::move(rule)), looks_at_{0, rule_.head} {}

  const std::vector<int>& looks_at() const override { return looks_at_; }

  bool refreshes(int step, std::span<const Value> seen) override {
    const at::Tensor input = seen[0].front().to(at::kFloat);
    const at::Tensor output = seen[1].front().to(at::kFloat);
    const bool fits =
        input.dim() == output.dim() && input.sizes().slice(1) == output.sizes().slice(1);
    const at::Tensor residual = fits ? output - input : output;
    bool refresh =
        !residual_.defined() || step < rule_.warmup || (rule_.max_run > 0 && run_ >= rule_.max_run);
    if (!refresh) {
      const double scale = residual_.abs().mean().item<double>();
      const double change = (residual - residual_).abs().mean().item<double>();
      refresh = change > rule_.threshold * scale;
    }
    run_ = refresh ? 0 : run_ + 1;
    if (refresh) residual_ = residual;
    return refresh;
  }

 private:
  AdaptiveRefresh rule_;
  std::vector<int> looks_at_;
  at::Tensor residual_;
  int run_ = 0;  // steps in a row that reused
};

}  // namespace

std::unique_ptr<RowDecider> make_row_decider(const AdaptiveRefresh& rule) {
  return std::make_unique<FirstBlockRule>(rule);
}

}  // namespace fdbench
