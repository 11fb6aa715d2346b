// Any bytes as a PNG, JPEG, WebP or TIFF file.
#include "fuzz/fuzz_input.h"
#include "pictures/picture_file.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fdbench;
  const auto path = fuzz_folder().write("picture", std::string(fuzz_bytes(data, size)));
  read_untrusted([&] { picture_size(path); });
  read_untrusted([&] { load_picture(path); });
  return 0;
}
