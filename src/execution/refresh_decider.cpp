#include "execution/refresh_decider.h"

namespace fdbench {

bool RefreshDecider::refreshes(int step, const at::Tensor& head_input,
                               const at::Tensor& head_output) {
  const at::Tensor output = head_output.to(at::kFloat), input = head_input.to(at::kFloat);
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

}  // namespace fdbench
