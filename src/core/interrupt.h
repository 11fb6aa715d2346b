// A polite stop: Ctrl-C or SIGTERM ends the sweep at the next step.
#pragma once

#include "core/error.h"

namespace fdbench {

/// Takes SIGINT and SIGTERM while it lives; a second signal ends the program at once.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
};

/// Thrown by `check_interrupt`.
struct Interrupted : Error {
  Interrupted() : Error(ErrorKind::kRuntime, "stopped by a signal") {}
};

/// Throws `Interrupted` after a signal.
void check_interrupt();

}  // namespace fdbench
