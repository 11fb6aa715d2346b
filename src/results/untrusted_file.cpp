#include "results/untrusted_file.h"

#include <ATen/Parallel.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <map>
#include <string>

#include "core/error.h"
#include "core/hash.h"
#include "io/file_mapping.h"
#include "results/checksum_line.h"
#include "results/result_reader.h"

namespace fdbench {
namespace {

/// The child: quiet, without a core file, on one thread (OpenMP's others do not live here).
[[noreturn]] void read_and_exit(const std::function<void()>& read, unsigned seconds) {
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM, SIGTERM, SIGINT}) {
    std::signal(number, SIG_DFL);
  }
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  const int nowhere = ::open("/dev/null", O_WRONLY);
  if (nowhere >= 0) ::dup2(nowhere, STDERR_FILENO);
  alarm(seconds);
  at::set_num_threads(1);
  try {
    read();
  } catch (const std::exception&) {  // told by whoever reads in earnest
  }
  _exit(0);
}

/// What became of a child that reads; "" when it came to an end.
std::string fault_of_child(const std::function<void()>& read, unsigned seconds) {
  const pid_t child = fork();
  if (child < 0) throw runtime_error(std::string("cannot start a process: ") + strerror(errno));
  if (child == 0) read_and_exit(read, seconds);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) {
    return WTERMSIG(status) == SIGALRM ? "finds no end" : strsignal(WTERMSIG(status));
  }
  return WEXITSTATUS(status) == 0 ? "" : "gives up";
}

}  // namespace

void check_survives(const std::filesystem::path& path, const std::function<void()>& read,
                    unsigned seconds) {
  static std::map<std::string, std::string> known;  // hash of the contents -> fault
  std::string hash;
  {
    const FileMapping file(path);
    const std::string_view bytes{reinterpret_cast<const char*>(file.data()), file.size()};
    if (wholeness(kResultChecksum, bytes) == Wholeness::kWhole) return;
    hash = content_hash(bytes);
  }
  const auto [found, is_new] = known.try_emplace(hash);
  if (is_new) found->second = fault_of_child(read, seconds);
  if (found->second.empty()) return;
  throw runtime_error(
      Place{path.string()},
      "is damaged, and its HDF5 cannot be read (the library: " + found->second + ")");
}

}  // namespace fdbench
