#include "results/untrusted_file.h"

#include <ATen/Parallel.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <exception>
#include <map>
#include <string>

#include "core/error.h"
#include "io/file_mapping.h"
#include "results/checksum_line.h"
#include "results/result_reader.h"

namespace fdbench {
namespace {

constexpr std::size_t kBytesPerSecond = 5'000'000;  // inflated on a slow processor

/// The child: quiet, without a core file, on one thread (OpenMP's others do not live here).
[[noreturn]] void read_and_exit(const std::function<void()>& read, unsigned seconds) {
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGXCPU}) {
    std::signal(number, SIG_DFL);
  }
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  const int nowhere = ::open("/dev/null", O_WRONLY);
  if (nowhere >= 0) ::dup2(nowhere, STDERR_FILENO);
  const rlimit processor{seconds, seconds + 1};
  setrlimit(RLIMIT_CPU, &processor);
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
    return WTERMSIG(status) == SIGXCPU ? "finds no end" : strsignal(WTERMSIG(status));
  }
  return WEXITSTATUS(status) == 0 ? "" : "gives up";
}

/// "" for a file that can be read.
std::string fault_of(const std::filesystem::path& path, const std::function<void()>& read,
                     unsigned seconds) {
  const FileMapping file(path);
  switch (wholeness(kResultChecksum, {reinterpret_cast<const char*>(file.data()), file.size()})) {
    case Wholeness::kWhole:
      return "";
    case Wholeness::kDamaged:
      return "is damaged: it does not fit the checksum at its end; run the sweep again";
    case Wholeness::kUnknown:
      break;
  }
  const auto allowed = seconds + static_cast<unsigned>(file.size() / kBytesPerSecond);
  const std::string fault = fault_of_child(read, allowed);
  if (fault.empty()) return "";
  return "is damaged, and its HDF5 cannot be read (the library: " + fault + ")";
}

/// The file as it is now: path, place on the disk, size, time of the last change.
std::string state_of(const std::filesystem::path& path) {
  struct stat now {};
  if (::stat(path.c_str(), &now) != 0) throw usage_error(Place{path.string()}, "cannot be read");
  std::string state = path.string();
  for (const std::int64_t part :
       {static_cast<std::int64_t>(now.st_ino), static_cast<std::int64_t>(now.st_size),
        static_cast<std::int64_t>(now.st_mtim.tv_sec),
        static_cast<std::int64_t>(now.st_mtim.tv_nsec)}) {
    state += "\n" + std::to_string(part);
  }
  return state;
}

}  // namespace

void check_readable(const std::filesystem::path& path, const std::function<void()>& read,
                    unsigned seconds) {
  static std::map<std::string, std::string> known;  // state -> fault, "" for none
  const std::string state = state_of(path);
  auto found = known.find(state);
  if (found == known.end()) found = known.emplace(state, fault_of(path, read, seconds)).first;
  if (!found->second.empty()) throw runtime_error(Place{path.string()}, found->second);
}

}  // namespace fdbench
