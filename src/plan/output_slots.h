// Where the outputs of layers are held while a program is compiled, and for how long.
#pragma once

#include <span>
#include <vector>

#include "plan/program.h"

namespace fdbench {

/// Gives slots to outputs, finds them again for those that read them, and takes back the slot of
/// an output that nothing reads any more.
class OutputSlots {
 public:
  /// Both must outlive the object.
  OutputSlots(const Schedule& schedule, std::span<const LayerInfo> layers)
      : schedule_(schedule), layers_(layers), outputs_(layers.size()) {}

  /// A slot for what `layer` gives at `steps`.
  int hold(int layer, const std::vector<int>& steps);
  /// `layer`'s outputs that are in force at `steps`; counts as one reading for each step. Throws a
  /// runtime error for a layer that did not run yet: a fault of the program.
  Operand operand(int layer, const std::vector<int>& steps);
  /// Slots that were needed at most.
  int count() const { return num_slots_; }

 private:
  /// Where an output of some steps is, and how often it is still read.
  struct Held {
    int slot;
    std::vector<int> steps;
    int num_reads_left;
  };

  int take_slot();
  Piece read(int layer, int source, std::vector<int>& frees);

  const Schedule& schedule_;
  std::span<const LayerInfo> layers_;
  /// By layer.
  std::vector<std::vector<Held>> outputs_;
  std::vector<int> free_;
  int num_slots_ = 0;
};

}  // namespace fdbench
