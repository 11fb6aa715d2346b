#include "core/cpu_set.h"

#include <sched.h>

#include <string>

#include "core/error.h"

namespace fdbench {
namespace {

std::string listed(const cpu_set_t& set) {
  std::string text;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) text += (text.empty() ? "" : ", ") + std::to_string(cpu);
  }
  return text;
}

}  // namespace

void pin_to_cpus(const std::vector<int>& cpus) {
  cpu_set_t allowed, wanted;
  CPU_ZERO(&allowed);
  CPU_ZERO(&wanted);
  ::sched_getaffinity(0, sizeof allowed, &allowed);
  for (const int cpu : cpus) {
    if (cpu < 0 || cpu >= CPU_SETSIZE || !CPU_ISSET(cpu, &allowed)) {
      throw usage_error("processor " + std::to_string(cpu) +
                        " cannot be used here, these can: " + listed(allowed));
    }
    CPU_SET(cpu, &wanted);
  }
  if (::sched_setaffinity(0, sizeof wanted, &wanted) != 0) {
    throw runtime_error("cannot be bound to the processors " + listed(wanted));
  }
}

}  // namespace fdbench
