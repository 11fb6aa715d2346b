// Any bytes as a result file: what `report`, `check` and `compare` read, and every array of it.
#include <hdf5.h>
#include <pthread.h>

#include <cstdlib>

#include "fuzz/fuzz_input.h"
#include "gate/gate_baseline_file.h"
#include "gate/result_measures.h"
#include "results/hdf5.h"
#include "results/result_reader.h"
#include "results/run_table.h"

namespace fdbench {
namespace {

void read_arrays(const std::filesystem::path& path) {
  const Hdf5File file = Hdf5File::open(path);
  for (const std::string& name : file.datasets()) read_untrusted([&] { file.read(name); });
}

void write_tables(const std::filesystem::path& path) {
  const ResultSummary summary = read_summary(path);
  for (const std::string& format : table_formats()) format_runs(summary.runs, format);
}

}  // namespace
}  // namespace fdbench

/// libhdf5 (1.10.8) itself loses memory where it gives up on a damaged object header.
extern "C" const char* __lsan_default_suppressions() { return "leak:libhdf5\n"; }

/// libhdf5 asks for as much memory as the length of a text says (an attribute gives up to 4 GiB),
/// before it looks whether the text is there. A refusal it takes well; our own code would not.
extern "C" const char* __asan_default_options() {
  return "allocator_may_return_null=1:max_allocation_size_mb=200";
}

/// Of the sanitizers; not there in other builds.
extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

/// A child that libhdf5 brings down is no finding (results/untrusted_file.h): libFuzzer must not
/// take it for one.
const int kRegistered = pthread_atfork(nullptr, nullptr, [] {
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(nullptr);
});

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fdbench;
  static int number = 0;  // what was looked at once under a name is trusted
  const auto path = fuzz_folder().write("result" + std::to_string(number++) + ".h5",
                                        std::string(fuzz_bytes(data, size)));
  read_untrusted([&] { read_arrays(path); });
  read_untrusted([&] { write_tables(path); });
  read_untrusted([&] { gate_baseline(read_measures(path), {}); });
  std::filesystem::remove(path);
  if (H5Fget_obj_count(H5F_OBJ_ALL, H5F_OBJ_ALL) > 0) std::abort();  // something was left open
  return 0;
}
