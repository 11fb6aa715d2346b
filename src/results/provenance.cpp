#include "results/provenance.h"

#include <sys/utsname.h>
#include <torch/headeronly/version.h>

#include <cstdlib>
#include <ctime>
#include <fstream>

#include "build_flags.h"
#include "git_revision.h"

namespace fdbench {
namespace {

// Variables that change speed or results; others stay private.
constexpr const char* kVariables[] = {"OMP_NUM_THREADS",
                                      "OMP_WAIT_POLICY",
                                      "OMP_PROC_BIND",
                                      "OMP_PLACES",
                                      "GOMP_CPU_AFFINITY",
                                      "KMP_AFFINITY",
                                      "KMP_BLOCKTIME",
                                      "MKL_NUM_THREADS",
                                      "MKL_CBWR",
                                      "ATEN_CPU_CAPABILITY",
                                      "ONEDNN_MAX_CPU_ISA",
                                      "DNNL_MAX_CPU_ISA",
                                      "MALLOC_ARENA_MAX",
                                      "LD_PRELOAD",
                                      "CUDA_VISIBLE_DEVICES",
                                      "CUBLAS_WORKSPACE_CONFIG",
                                      "FDBENCH_SLOW_DECODER"};

/// What follows the key in the first line of a file of the kernel that begins with it.
std::string kernel_line(const char* path, const std::string& key) {
  std::ifstream info(path);
  for (std::string line; std::getline(info, line);) {
    if (line.rfind(key, 0) != 0) continue;
    const std::size_t start = line.find_first_not_of(" \t", line.find(':') + 1);
    return start == std::string::npos ? "" : line.substr(start);
  }
  return "unknown";
}

/// "OMP_NUM_THREADS=2 ...": those of kVariables that are set.
std::string environment() {
  std::string text;
  for (const char* name : kVariables) {
    const char* value = std::getenv(name);
    if (value != nullptr) text += (text.empty() ? "" : " ") + std::string(name) + "=" + value;
  }
  return text;
}

/// Processors that this process may use, "0-1".
std::string allowed_cpus() { return kernel_line("/proc/self/status", "Cpus_allowed_list"); }

}  // namespace

std::vector<std::pair<std::string, Attribute>> provenance() {
  utsname system{};
  uname(&system);
  return {{"fdbench_version", FDBENCH_VERSION},
          {"git_revision", FDBENCH_GIT_REVISION},
          {"compiler", std::string("g++ ") + __VERSION__},
          {"build_flags", FDBENCH_BUILD_FLAGS},
          {"libtorch_version", TORCH_VERSION},
          {"hdf5_version", hdf5_version()},
          {"cpu", kernel_line("/proc/cpuinfo", "model name")},
          {"cpu_flags", kernel_line("/proc/cpuinfo", "flags")},
          {"cpu_mhz", kernel_line("/proc/cpuinfo", "cpu MHz")},
          {"cpus_allowed", allowed_cpus()},
          {"memory", kernel_line("/proc/meminfo", "MemTotal")},
          {"environment", environment()},
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
