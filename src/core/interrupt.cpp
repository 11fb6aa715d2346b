#include "core/interrupt.h"

#include <csignal>

namespace fdbench {
namespace {

volatile std::sig_atomic_t received = 0;

void remember(int) { received = 1; }

void handle(int number, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(number, &action, nullptr);
}

}  // namespace

InterruptGuard::InterruptGuard() {
  received = 0;
  handle(SIGINT, remember);
  handle(SIGTERM, remember);
}

InterruptGuard::~InterruptGuard() {
  handle(SIGINT, SIG_DFL);
  handle(SIGTERM, SIG_DFL);
}

void check_interrupt() {
  if (received) throw Interrupted();
}

}  // namespace fdbench
