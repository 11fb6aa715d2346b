#include "sweep/unit_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "core/error.h"
#include "core/notes.h"
#include "io/atomic_file.h"
#include "results/result_writer.h"

namespace fdbench {
namespace {

constexpr const char* kLockName = "lock";
constexpr const char* kSettingsName = "settings.json";

bool same_file(int descriptor, const std::filesystem::path& path) {
  struct stat opened {
  }, named{};
  return ::fstat(descriptor, &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

/// Writes into the lock who holds it: for the message of a second program, so faults do not matter.
void sign(int descriptor) {
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  const std::string text = "process " + std::to_string(::getpid()) + " on " + host;
  if (::ftruncate(descriptor, 0) != 0) return;
  if (::pwrite(descriptor, text.data(), text.size(), 0) < 0) return;
}

/// " (process 12 on host)"; "" where the lock does not say.
std::string holder(const std::filesystem::path& lock) {
  std::ifstream file(lock);
  std::string line;
  return std::getline(file, line) ? " (" + line + ")" : "";
}

/// False when another program holds the lock. A file system without locks is a warning: then
/// nothing keeps a second program away.
bool take_lock(int descriptor, const std::filesystem::path& output) {
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno == EWOULDBLOCK) return false;
    say_warning(Place{output.string()},
                std::string("its folder of units cannot be locked (") + std::strerror(errno) +
                    "), so nothing keeps a second fdbench from working on this output: start one "
                    "only, or give --out on a local disk");
    return true;
  }
  return true;
}

void make_folder(const std::filesystem::path& path, const std::filesystem::path& output) {
  std::error_code fault;
  std::filesystem::create_directories(path, fault);
  if (fault) {
    throw runtime_error(Place{output.string()}, "cannot be written: the folder " + path.string() +
                                                    " cannot be made (" + fault.message() + ")");
  }
}

bool has_units(const std::filesystem::path& folder) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (is_unit_name(entry.path())) return true;
  }
  return false;
}

/// What differs from the settings of the units in the folder; "" when nothing does or there are
/// none.
std::string changes_since(const std::filesystem::path& folder, const Settings& settings) {
  std::ifstream file(folder / kSettingsName, std::ios::binary);
  if (!file) return "";
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return describe_changes(not_of_scope(settings_from_json(text), Scope::kRoundCount),
                          not_of_scope(settings, Scope::kRoundCount));
}

void check_settings(const std::filesystem::path& folder, const Settings& settings) {
  const std::string changes = changes_since(folder, settings);
  if (changes.empty()) return;
  throw usage_error(Place{folder.string()}, "holds units of another configuration: " + changes +
                                                "; --fresh begins anew, --out names another file");
}

}  // namespace

std::int64_t count_complete(const std::vector<WorkUnit>& units,
                            const std::filesystem::path& folder) {
  return std::count_if(units.begin(), units.end(), [&](const WorkUnit& unit) {
    return unit_complete(folder / unit.file_name());
  });
}

bool has_begun(const std::filesystem::path& output, const Settings& settings) {
  const std::filesystem::path folder = unit_folder_path(output);
  return std::filesystem::exists(folder / kSettingsName) && changes_since(folder, settings).empty();
}

void remove_leftovers(const std::filesystem::path& output, const Settings& settings) {
  const std::filesystem::path folder = unit_folder_path(output);
  if (!std::filesystem::exists(folder)) return;
  if (has_units(folder) && !has_begun(output, settings)) return;
  try {
    UnitFolder(output, settings, /*fresh=*/false).remove();
  } catch (const Error&) {
    // In use, or on a disk that cannot be written: the result is there all the same.
    return;
  }
}

UnitFolder::UnitFolder(const std::filesystem::path& output, const Settings& settings, bool fresh)
    : output_(output), path_(unit_folder_path(output)) {
  lock();
  try {
    if (!fresh && has_units(path_)) check_settings(path_, settings);
    clear(fresh);
    AtomicFile file(path_ / kSettingsName);
    const std::string text = settings_json(settings);
    file.write(text.data(), text.size());
    file.commit();
  } catch (...) {
    if (!has_units(path_)) remove();
    ::close(lock_);
    throw;
  }
}

UnitFolder::~UnitFolder() {
  if (!has_units(path_)) remove();
  ::close(lock_);
}

void UnitFolder::lock() {
  const std::filesystem::path name = path_ / kLockName;
  while (true) {
    make_folder(path_, output_);
    lock_ = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    // Another program has just removed the folder.
    if (lock_ < 0 && errno == ENOENT) continue;
    if (lock_ < 0) {
      throw runtime_error(Place{name.string()},
                          std::string("cannot write: ") + std::strerror(errno));
    }
    if (!take_lock(lock_, output_)) {
      ::close(lock_);
      throw runtime_error(Place{output_.string()}, "another fdbench is working on this output" +
                                                       holder(name) +
                                                       "; wait for it or give --out");
    }
    if (same_file(lock_, name)) return sign(lock_);
    ::close(lock_);
  }
}

void UnitFolder::clear(bool units_too) {
  std::error_code ignored;
  std::filesystem::remove(temporary_result_path(output_), ignored);
  for (const auto& entry : std::filesystem::directory_iterator(path_, ignored)) {
    const std::string name = entry.path().filename().string();
    const bool kept = name == kLockName || name == kSettingsName;
    if (!kept && (units_too || !is_unit_name(entry.path())))
      std::filesystem::remove(entry.path(), ignored);
  }
}

void UnitFolder::remove() {
  std::error_code ignored;
  // The settings last: they say whose folder it is.
  clear(/*units_too=*/true);
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace fdbench
