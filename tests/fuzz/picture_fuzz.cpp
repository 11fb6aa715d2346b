// Any bytes as a PNG or JPEG file.
#include "fuzz/fuzz_input.h"
#include "io/picture_file.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fdbench;
  const bool is_png = size > 0 && data[0] == 0x89;  // how PNG files begin
  const auto path =
      fuzz_folder().write(is_png ? "a.png" : "a.jpg", std::string(fuzz_bytes(data, size)));
  read_untrusted([&] { load_picture(path); });
  return 0;
}
