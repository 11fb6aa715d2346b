// Savings that leave the mathematics as it is: results agree to rounding with each of them on or
// off.
#pragma once

namespace fdbench {

struct ExactSavings {
  /// What an up block makes of its skip alone is computed once for as long as the skip is reused.
  bool skip_hoisting = true;
  /// Both halves of a guidance batch share what comes before the first text.
  bool prefix_sharing = true;
  /// Keys and values of the text are computed once for all steps.
  bool text_caching = true;
};

}  // namespace fdbench
