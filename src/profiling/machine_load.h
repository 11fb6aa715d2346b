// What else the machine did while something was timed.
#pragma once

#include <cstdint>

namespace fdbench {

/// Shares of the processor time of all cores since the object was made, from /proc/stat and the
/// process's own usage. NaN where the kernel does not say.
class MachineLoad {
 public:
  MachineLoad();
  /// Time that a hypervisor gave to others ("steal").
  double steal_share() const;
  /// Time that other processes of this machine took.
  double others_share() const;

 private:
  struct Ticks {
    /// [clock ticks], of all cores.
    double all, busy, steal;
    /// Of this process.
    double own;
  };
  static Ticks now();

  Ticks start_;
};

/// Clock of the processor as the kernel gives it at this moment, highest core [MHz]; NaN where it
/// does not say.
double processor_mhz();

}  // namespace fdbench
