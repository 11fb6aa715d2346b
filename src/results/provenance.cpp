#include "results/provenance.h"

#include <sys/utsname.h>
#include <torch/headeronly/version.h>

#include <ctime>
#include <fstream>

#include "git_revision.h"

namespace fdbench {
namespace {

std::string cpu_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

}  // namespace

std::vector<std::pair<std::string, Attribute>> provenance() {
  utsname system{};
  uname(&system);
  return {{"fdbench_version", FDBENCH_VERSION},
          {"git_revision", FDBENCH_GIT_REVISION},
          {"compiler", std::string("g++ ") + __VERSION__},
          {"libtorch_version", TORCH_VERSION},
          {"hdf5_version", hdf5_version()},
          {"cpu", cpu_name()},
          {"kernel", std::string(system.sysname) + " " + system.release},
          {"host", std::string(system.nodename)}};
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

}  // namespace fdbench
