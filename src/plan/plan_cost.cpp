#include "plan/plan_cost.h"

namespace fdbench {
namespace {

/// Follows one layer through the steps.
class LayerCounter {
 public:
  LayerCounter(int layer, const Schedule& schedule, std::span<const LayerInfo> layers,
               const LayerCost& cost, const ExactSavings& savings, bool guided)
      : schedule_(schedule),
        cost_(cost),
        savings_(savings),
        shares_(savings.prefix_sharing && guided) {
    const std::vector<int>& inputs = layers[layer].inputs;
    if (inputs.size() < 2 || inputs[1] == kSample) return;
    skip_ = inputs[1];
    half_skip_ = shares_ && layers[skip_].same_for_guidance;
  }

  std::int64_t count(int step) {
    std::int64_t count = cost_.all;
    if (shares_) count -= cost_.shared / 2;
    if (savings_.text_caching && has_run_) count -= cost_.text;
    if (skip_ >= 0) count -= saved_skip(step);
    has_run_ = true;
    return count;
  }

 private:
  std::int64_t saved_skip(int step) {
    const int source = schedule_.held_source(step, skip_);
    const bool held = savings_.skip_hoisting && source >= 0 && source == source_;
    source_ = source;
    if (held) return cost_.skip;
    return half_skip_ ? cost_.skip / 2 : 0;
  }

  const Schedule& schedule_;
  const LayerCost& cost_;
  const ExactSavings& savings_;
  bool shares_;
  int skip_ = -1;
  bool half_skip_ = false;
  bool has_run_ = false;
  int source_ = -1;
};

}  // namespace

std::vector<std::int64_t> plan_cost(const Schedule& schedule, std::span<const LayerInfo> layers,
                                    std::span<const LayerCost> costs, const ExactSavings& savings,
                                    bool guided) {
  std::vector<std::int64_t> sums(layers.size(), 0);
  for (int layer = 0; layer < schedule.num_layers(); ++layer) {
    LayerCounter counter(layer, schedule, layers, costs[layer], savings, guided);
    for (int step = 0; step < schedule.num_steps(); ++step) {
      if (schedule.runs(step, layer)) sums[layer] += counter.count(step);
    }
  }
  return sums;
}

}  // namespace fdbench
