// What a program holds from one network call to the next.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/denoiser.h"
#include "plan/program.h"

namespace fdbench {

/// The outputs of a layer that one slot holds.
struct HeldOutputs {
  int layer = 0;
  /// Of how many steps, one after the other.
  std::size_t num_steps = 1;

  bool operator==(const HeldOutputs&) const = default;
};

/// By call: what the slots hold when its network part is done. The predictions of its own steps are
/// among them, since they are read afterwards. Where a rule decides during the run: the most that
/// can be there.
std::vector<std::vector<HeldOutputs>> held_outputs(const Program& program);

/// The most bytes of outputs that are held at any time from one call to the next; what layers keep
/// for themselves (LayerMemo: hoisted skips, keys and values of the text) comes on top.
/// costs: of each layer for one call (with guidance: for both halves); those of the sweep.
/// element_bytes: of one number. guided: the batch is [unconditional; conditional].
std::int64_t peak_held_bytes(const Program& program, std::span<const LayerInfo> layers,
                             std::span<const LayerCost> costs, std::int64_t element_bytes,
                             bool guided);

}  // namespace fdbench
