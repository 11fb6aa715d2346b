#include "plan/plan.h"

#include "core/error.h"

namespace fdbench {

Plan::Plan(int num_steps, int num_layers, Cell fill)
    : num_steps_(num_steps), num_layers_(num_layers) {
  if (num_steps < 1 || num_layers < 1) {
    throw usage_error("a plan needs at least one step and one layer, not " +
                      std::to_string(num_steps) + " by " + std::to_string(num_layers));
  }
  cells_.assign(static_cast<std::size_t>(num_steps) * num_layers, fill);
}

}  // namespace fdbench
