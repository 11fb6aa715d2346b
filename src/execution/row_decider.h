// Rules that decide during the run whether a step computes everything or reuses.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "models/value.h"
#include "plan/plan.h"

namespace fdbench {

/// Decides step after step of one picture. A rule of another kind is another class behind this.
class RowDecider {
 public:
  virtual ~RowDecider() = default;
  /// Layers whose outputs it wants to see. They run at every step.
  virtual const std::vector<int>& looks_at() const = 0;
  /// True when the step is to compute everything. seen: the outputs of `looks_at()`, in that order;
  /// they are not there any more at the next step.
  virtual bool refreshes(int step, std::span<const Value* const> seen) = 0;
};

std::unique_ptr<RowDecider> make_row_decider(const AdaptiveRefresh& rule);

}  // namespace fdbench
