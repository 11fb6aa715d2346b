// What all fuzz targets share: the input as a file, and one error type as the only refusal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"
#include "io/temporary_folder.h"

/// libFuzzer's entry, one in each target; tests/fuzz/replay.cpp calls it, too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace fdbench {

/// The folder of this process for input files (in TMPDIR), gone at its end.
inline const TemporaryFolder& fuzz_folder() {
  static const TemporaryFolder folder;
  return folder;
}

inline std::string_view fuzz_bytes(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Runs a reader. A refusal with our own error is as good as success; whatever else is thrown ends
/// the process, and so is a finding.
template <typename Reader>
void read_untrusted(const Reader& reader) {
  try {
    reader();
  } catch (const Error&) {
  }
}

}  // namespace fdbench
