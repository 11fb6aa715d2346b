#include "sweep/unit_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "core/error.h"
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

void make_folder(const std::filesystem::path& path, const std::filesystem::path& output) {
  std::error_code fault;
  std::filesystem::create_directories(path, fault);
  if (fault) {
    throw runtime_error(Place{output.string()}, "cannot be written: the folder " + path.string() +
                                                    " cannot be made (" + fault.message() + ")");
  }
}

}  // namespace

std::filesystem::path unit_folder_path(const std::filesystem::path& output) {
  return output.string() + ".units";
}

UnitFolder::UnitFolder(const std::filesystem::path& output, const Settings& settings, bool fresh)
    : output_(output), path_(unit_folder_path(output)) {
  lock();
  try {
    if (!fresh) check_settings(settings);
    clear(fresh);
    AtomicFile file(path_ / kSettingsName);
    const std::string text = settings_json(settings);
    file.write(text.data(), text.size());
    file.commit();
  } catch (...) {
    ::close(lock_);
    throw;
  }
}

UnitFolder::~UnitFolder() {
  if (lock_ >= 0) ::close(lock_);
}

void UnitFolder::lock() {
  const std::filesystem::path name = path_ / kLockName;
  while (true) {
    make_folder(path_, output_);
    lock_ = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock_ < 0 && errno == ENOENT) continue;  // another program has just removed the folder
    if (lock_ < 0) {
      throw runtime_error(Place{name.string()},
                          std::string("cannot write: ") + std::strerror(errno));
    }
    if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
      ::close(lock_);
      throw runtime_error(Place{output_.string()},
                          "another fdbench is working on this output; wait for it or give --out");
    }
    if (same_file(lock_, name)) return;
    ::close(lock_);
  }
}

void UnitFolder::check_settings(const Settings& settings) const {
  std::ifstream file(path_ / kSettingsName, std::ios::binary);
  if (!file) return;
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  Settings before = settings_from_json(text), now = settings;
  before.erase("timing.rounds");
  now.erase("timing.rounds");
  const std::string changes = describe_changes(before, now);
  if (changes.empty()) return;
  throw usage_error(Place{path_.string()}, "holds units of another configuration: " + changes +
                                               "; --fresh begins anew, --out names another file");
}

void UnitFolder::clear(bool units_too) {
  std::error_code ignored;
  std::filesystem::remove(temporary_result_path(output_), ignored);
  for (const auto& entry : std::filesystem::directory_iterator(path_, ignored)) {
    const std::string name = entry.path().filename().string();
    const bool kept = name == kLockName || name == kSettingsName;
    const bool unit = entry.path().extension() == ".h5" && name[0] != '.';
    if (!kept && (units_too || !unit)) std::filesystem::remove(entry.path(), ignored);
  }
}

void UnitFolder::remove() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace fdbench
