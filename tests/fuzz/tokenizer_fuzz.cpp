// Any bytes as a tokenizer folder and a text for it. Files stand one after the other in the order
// of kFiles, each ended by a zero byte; an empty one is not there. What follows the last is the
// text.
#include "fuzz/fuzz_input.h"
#include "text/tokenizer.h"

namespace fdbench {
namespace {

constexpr const char* kFiles[] = {
    "tokenizer.json",          "vocab.json",        "merges.txt", "tokenizer_config.json",
    "special_tokens_map.json", "added_tokens.json", "vocab.txt"};

/// Writes the files. -> the text behind them.
std::string unpack(std::string_view bytes) {
  for (const char* name : kFiles) {
    const std::size_t end = std::min(bytes.find('\0'), bytes.size());
    if (end > 0) {
      fuzz_folder().write(name, std::string(bytes.substr(0, end)));
    } else {
      std::filesystem::remove(fuzz_folder() / name);
    }
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  return std::string(bytes);
}

}  // namespace
}  // namespace fdbench

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fdbench;
  const std::string text = unpack(fuzz_bytes(data, size));
  read_untrusted([&] {
    const std::unique_ptr<Tokenizer> tokenizer = open_tokenizer(fuzz_folder().path());
    tokenizer->encode(text, 0);
    tokenizer->text_beyond(text, 2);
  });
  return 0;
}
