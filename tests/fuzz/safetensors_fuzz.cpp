// Any bytes as a safetensors file: the header, every tensor as a view and as a converted copy.
#include "fuzz/fuzz_input.h"
#include "io/safetensors.h"

namespace fdbench {
namespace {

void read_all(const std::filesystem::path& path) {
  const SafetensorsFile file(path);
  for (const std::string& name : file.names()) {
    const at::Tensor stored = file.tensor(name);
    at::Tensor converted = at::empty(stored.sizes(), at::kFloat);
    file.read(name, converted);
  }
}

}  // namespace
}  // namespace fdbench

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fdbench;
  const auto path = fuzz_folder().write("model.safetensors", std::string(fuzz_bytes(data, size)));
  read_untrusted([&] { read_all(path); });
  return 0;
}
