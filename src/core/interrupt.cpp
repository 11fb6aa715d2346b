#include "core/interrupt.h"

#include <csignal>

namespace fdbench {
namespace {

volatile std::sig_atomic_t received = 0;

void remember(int) { received = 1; }

void handle(int number, bool take) {
  struct sigaction action {};
  action.sa_handler = take ? remember : SIG_DFL;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(number, &action, nullptr);
}

}  // namespace

InterruptGuard::InterruptGuard() {
  received = 0;
  handle(SIGINT, true);
  handle(SIGTERM, true);
}

InterruptGuard::~InterruptGuard() {
  handle(SIGINT, false);
  handle(SIGTERM, false);
}

void check_interrupt() {
  if (received) throw Interrupted();
}

}  // namespace fdbench
