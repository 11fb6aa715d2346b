// Any bytes as the baseline of a gate; what is in order is written and read again.
#include "fuzz/fuzz_input.h"
#include "gate/gate_baseline_file.h"
#include "io/text_file.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fdbench;
  const std::string bytes(fuzz_bytes(data, size));
  read_untrusted([&] {
    const GateBaseline baseline = baseline_of_text(utf8_text(bytes, "b.json"), "b.json");
    const auto path = fuzz_folder().path() / "b.json";
    write_baseline(path, baseline);
    read_baseline(path);
  });
  return 0;
}
