// Timing rounds in a process of their own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fdbench {

/// Runs a program, with its arguments, to its end. A signal that `InterruptGuard` takes meanwhile
/// is handed on as SIGTERM, and thrown as `Interrupted` once the program has ended. Throws a
/// runtime error when it cannot be started or fails.
void run_to_end(const std::vector<std::string>& command);

/// From now on this process gets SIGTERM when the one that started it ends, however it ends.
void end_with_parent();

/// A number that this process has and no other.
std::int64_t process_token();

}  // namespace fdbench
