// Any bytes as a config file: read as an experiment, and written and read again as YAML.
#include "config/experiment.h"
#include "fuzz/fuzz_input.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fdbench;
  const std::string text(fuzz_bytes(data, size));
  // Nothing is there under this name, so that relative paths in the input lead nowhere.
  const auto path = fuzz_folder().path() / "config.yaml";
  read_untrusted([&] { experiment_of_text(text, path); });
  read_untrusted([&] { parse_config(config_text(parse_config(text, "config")), "again"); });
  return 0;
}
