// The form of a profile that is made to be read by a person.
#pragma once

#include <ATen/ATen.h>

#include <string>

#include "profiling/profile_summary.h"

namespace fdbench {

/// What was measured.
struct ProfileCaption {
  std::string model;
  at::ScalarType dtype = at::kFloat;
  at::Device device = at::kCPU;
  SampleShape shape;
  int repeats = 0;
  double load_seconds = 0;
};

/// Writes to standard output: blocks and parts with bars, the operators that take longest, and the
/// call as a whole.
void print_profile_table(const ProfileSummary& summary, const ProfileCaption& caption);

}  // namespace fdbench
