#include "plan/program_cost.h"

#include <algorithm>

namespace fdbench {
namespace {

class CostCounter {
 public:
  CostCounter(const Program& program, std::span<const LayerInfo> layers,
              std::span<const LayerCost> costs, bool guided)
      : savings_(program.options.savings),
        layers_(layers),
        costs_(costs),
        is_unconditioned_(unconditioned_layers(layers)),
        shares_(savings_.prefix_sharing && guided),
        sums_(layers.size(), 0),
        has_run_(layers.size(), false) {}

  /// steps: of ops that name none themselves.
  void add(std::span<const Op> ops, std::span<const int> steps) {
    for (const Op& op : ops) add(op, op.steps.empty() ? steps.size() : op.steps.size());
  }

  std::vector<std::int64_t> sums() const { return sums_; }

 private:
  void add(const Op& op, std::size_t count) {
    const LayerCost& cost = costs_[op.layer];
    const auto num_steps = static_cast<std::int64_t>(count);
    std::int64_t sum = num_steps * cost.all;
    // Several steps are given whole batches.
    if (shares_ && num_steps <= 1 && is_unconditioned_input(op)) sum -= cost.unconditioned / 2;
    const bool is_kept = savings_.text_caching && has_run_[op.layer];
    sum -= (is_kept ? num_steps : num_steps - 1) * cost.conditioning;
    for (const Operand& input : op.inputs) sum -= saved_skip(op, input, num_steps);
    has_run_[op.layer] = true;
    sums_[op.layer] += sum;
  }

  bool is_skip(const Op& op, const Operand& input) const {
    const std::size_t index = &input - op.inputs.data();
    return layers_[op.layer].inputs[index].kind == EdgeKind::kSkip && input.layer != kSample;
  }
  bool is_unconditioned_input(const Op& op) const {
    return std::all_of(op.inputs.begin(), op.inputs.end(), [&](const Operand& input) {
      return input.layer == kSample || is_unconditioned_[input.layer];
    });
  }
  /// Of the skip's own part: it is not computed again while the skip stays the same, and once for
  /// both halves where they have it in common.
  std::int64_t saved_skip(const Op& op, const Operand& input, std::int64_t num_steps) const {
    if (!is_skip(op, input) || input.repeated) return 0;
    const std::int64_t skip = costs_[op.layer].skip;
    if (input.unchanged) return num_steps * skip;
    const bool is_halved = shares_ && is_unconditioned_[input.layer];
    return (num_steps - 1) * skip + (is_halved ? skip / 2 : 0);
  }

  ExactSavings savings_;
  std::span<const LayerInfo> layers_;
  std::span<const LayerCost> costs_;
  std::vector<bool> is_unconditioned_;
  bool shares_;
  std::vector<std::int64_t> sums_;
  std::vector<bool> has_run_;
};

}  // namespace

std::vector<std::int64_t> program_cost(const Program& program, std::span<const LayerInfo> layers,
                                       std::span<const LayerCost> costs, bool guided,
                                       const std::vector<bool>& refreshes) {
  CostCounter counter(program, layers, costs, guided);
  for (const Call& call : program.calls) {
    counter.add(call.ops, {});
    if (!program.choice) continue;
    const bool is_whole = refreshes.empty() || refreshes[static_cast<std::size_t>(call.first)];
    counter.add(program.choice->head, call.steps);
    counter.add(is_whole ? program.choice->refresh : program.choice->cached, call.steps);
  }
  return counter.sums();
}

}  // namespace fdbench
