#include "profiling/machine_load.h"

#include <sys/times.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

namespace fdbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double share(double part, double all) { return all > 0 ? std::clamp(part / all, 0.0, 1.0) : kNan; }

}  // namespace

MachineLoad::Ticks MachineLoad::now() {
  std::ifstream file("/proc/stat");
  std::string name;
  double user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0;
  file >> name >> user >> nice >> system >> idle >> iowait >> irq >> softirq >> steal;
  if (!file || name != "cpu") return {kNan, kNan, kNan, kNan};
  tms own{};
  ::times(&own);
  const double busy = user + nice + system + irq + softirq;
  return {busy + idle + iowait + steal, busy, steal,
          static_cast<double>(own.tms_utime + own.tms_stime)};
}

MachineLoad::MachineLoad() : start_(now()) {}

double MachineLoad::steal_share() const {
  const Ticks end = now();
  return share(end.steal - start_.steal, end.all - start_.all);
}

double MachineLoad::others_share() const {
  const Ticks end = now();
  return share((end.busy - start_.busy) - (end.own - start_.own), end.all - start_.all);
}

double processor_mhz() {
  std::ifstream info("/proc/cpuinfo");
  double most = kNan;
  for (std::string line; std::getline(info, line);) {
    if (line.rfind("cpu MHz", 0) != 0) continue;
    double mhz = 0;
    std::istringstream(line.substr(line.find(':') + 1)) >> mhz;
    if (!(most >= mhz)) most = mhz;
  }
  return most;
}

}  // namespace fdbench
