#include "sweep/timing_process.h"

#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <random>
#include <thread>

#include "core/error.h"
#include "core/interrupt.h"

namespace fdbench {
namespace {

constexpr auto kBetweenLooks = std::chrono::milliseconds(20);

/// "was ended by signal 9", "exit code 3"; "" for success.
std::string fault_of(int status) {
  if (WIFSIGNALED(status)) return "it was ended by signal " + std::to_string(WTERMSIG(status));
  const int code = WEXITSTATUS(status);
  return code == 0 ? "" : "exit code " + std::to_string(code);
}

/// Status of the process once it has ended.
int wait_for(pid_t process) {
  int status = 0;
  while (::waitpid(process, &status, WNOHANG) == 0) {
    try {
      check_interrupt();
    } catch (const Interrupted&) {
      ::kill(process, SIGTERM);
      ::waitpid(process, &status, 0);
      throw;
    }
    std::this_thread::sleep_for(kBetweenLooks);
  }
  return status;
}

}  // namespace

void run_to_end(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  pid_t process = 0;
  const int fault =
      ::posix_spawn(&process, arguments[0], nullptr, nullptr, arguments.data(), environ);
  if (fault != 0) {
    throw runtime_error("cannot start " + command[0] + ": " + std::strerror(fault));
  }
  const std::string what = fault_of(wait_for(process));
  if (!what.empty()) {
    throw runtime_error("a process that timed rounds failed (" + what +
                        "); the same command goes on from there");
  }
}

void end_with_parent() { ::prctl(PR_SET_PDEATHSIG, SIGTERM); }

std::int64_t process_token() {
  static const std::int64_t token = [] {
    std::random_device random;
    return static_cast<std::int64_t>((std::uint64_t{random()} << 31) ^ random());
  }();
  return token;
}

}  // namespace fdbench
