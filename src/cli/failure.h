// What the program says when it ends with an exception.
#pragma once

#include <exception>
#include <string>

namespace fdbench {

/// One line and an exit code.
struct Failure {
  std::string message;
  int exit_code = 3;
};

/// Of fdbench's own errors their message; of an allocation that failed (std::bad_alloc, LibTorch's
/// allocators) how much was asked for and what makes a run smaller; of LibTorch's errors the first
/// line without the backtrace.
Failure describe_failure(const std::exception& error);

}  // namespace fdbench
