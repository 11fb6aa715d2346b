#include "plan/held_outputs.h"

#include <algorithm>
#include <map>

namespace fdbench {
namespace {

/// Outputs by slot.
using Slots = std::map<int, HeldOutputs>;

std::vector<HeldOutputs> in_order(const Slots& slots) {
  std::vector<HeldOutputs> held;
  for (const auto& [slot, outputs] : slots) held.push_back(outputs);
  return held;
}

void free_slots(Slots& slots, const Operand& operand) {
  for (const int slot : operand.frees) slots.erase(slot);
}

/// Of a row that a rule has decided.
std::vector<HeldOutputs> held_after_row(const Choice& choice) {
  std::vector<HeldOutputs> held;
  for (std::size_t layer = 0; layer < choice.num_kept.size(); ++layer) {
    const auto count = static_cast<std::size_t>(choice.num_kept[layer]);
    held.insert(held.end(), count, HeldOutputs{.layer = static_cast<int>(layer)});
  }
  return held;
}

}  // namespace

std::vector<std::vector<HeldOutputs>> held_outputs(const Program& program) {
  std::vector<std::vector<HeldOutputs>> held;
  Slots slots;
  for (const Call& call : program.calls) {
    if (program.choice) {
      held.push_back(held_after_row(*program.choice));
      continue;
    }
    for (const Op& op : call.ops) {
      for (const Operand& input : op.inputs) free_slots(slots, input);
      slots[op.slot] = {.layer = op.layer, .num_steps = op.steps.size()};
    }
    held.push_back(in_order(slots));
    for (int step = call.first; step < call.end; ++step) {
      free_slots(slots, program.predictions[static_cast<std::size_t>(step)]);
    }
  }
  return held;
}

std::int64_t peak_held_bytes(const Program& program, std::span<const LayerInfo> layers,
                             std::span<const LayerCost> costs, std::int64_t element_bytes,
                             bool guided) {
  const std::vector<bool> is_unconditioned = unconditioned_layers(layers);
  const bool shares = guided && program.options.savings.prefix_sharing;
  std::int64_t most = 0;
  for (const std::vector<HeldOutputs>& held : held_outputs(program)) {
    std::int64_t bytes = 0;
    for (const HeldOutputs& outputs : held) {
      const auto layer = static_cast<std::size_t>(outputs.layer);
      // Several steps are given whole batches.
      const bool is_half = shares && outputs.num_steps == 1 && is_unconditioned[layer];
      const std::int64_t of_step = element_bytes * costs[layer].output_size / (is_half ? 2 : 1);
      bytes += static_cast<std::int64_t>(outputs.num_steps) * of_step;
    }
    most = std::max(most, bytes);
  }
  return most;
}

}  // namespace fdbench
