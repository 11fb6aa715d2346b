// Any bytes as an .npz or .npy file.
#include "fuzz/fuzz_input.h"
#include "io/npz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fdbench;
  const auto path = fuzz_folder().write("arrays.npz", std::string(fuzz_bytes(data, size)));
  read_untrusted([&] { load_npz(path); });
  read_untrusted([&] {
    const NpzFile file(path);
    for (const std::string& name : file.names()) file.shape(name);
  });
  return 0;
}
