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
#include <string_view>

#include "core/error.h"
#include "core/notes.h"
#include "io/file_mapping.h"
#include "results/checksum_line.h"
#include "results/open_mark.h"
#include "results/result_reader.h"

namespace fdbench {
namespace {

/// Inflated on a slow processor.
constexpr std::size_t kBytesPerSecond = 5'000'000;

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

/// `wholeness`; of a file that a program left open, with a warning, as it was before.
Wholeness checked_wholeness(const std::filesystem::path& path, std::string_view bytes) {
  const Wholeness found = wholeness(kResultChecksum, bytes);
  if (!is_marked_open(bytes)) return found;
  const Place place{path.string()};
  const std::string left_open = left_open_text(path.string());
  if (found == Wholeness::kUnknown) {
    say_warning(place, left_open + "; what was written last may be missing");
    return found;
  }
  if (wholeness_without_mark(kResultChecksum, bytes) == Wholeness::kDamaged) {
    throw runtime_error(place, left_open +
                                   ", and the file is then read as it is now: it was changed since "
                                   "its checksum was made");
  }
  say_warning(place, left_open + "; nothing in it was changed, its checksum fits");
  return Wholeness::kWhole;
}

/// "" for a file that can be read.
std::string fault_of(const std::filesystem::path& path, const std::function<void()>& read,
                     unsigned seconds) {
  const FileMapping file(path);
  const std::string_view bytes(reinterpret_cast<const char*>(file.data()), file.size());
  switch (checked_wholeness(path, bytes)) {
    case Wholeness::kWhole:
      return "";
    case Wholeness::kDamaged:
      return "is damaged: it does not fit the checksum at its end; take another copy, or run the "
             "sweep again where there is none";
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
  // State -> fault, "" for none.
  static std::map<std::string, std::string> known;
  const std::string state = state_of(path);
  auto found = known.find(state);
  if (found == known.end()) found = known.emplace(state, fault_of(path, read, seconds)).first;
  if (!found->second.empty()) throw runtime_error(Place{path.string()}, found->second);
}

}  // namespace fdbench
