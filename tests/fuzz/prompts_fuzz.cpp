// Any bytes as a file of prompts: each kind by its content and by its ending.
#include "fuzz/fuzz_input.h"
#include "io/text_file.h"
#include "prompts/prompt_file.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fdbench;
  const std::string bytes(fuzz_bytes(data, size));
  for (const char* name : {"p.txt", "p.json", "p.jsonl", "p.csv", "p.tsv", "p"}) {
    read_untrusted([&] { prompts_of_text(utf8_text(bytes, name), name); });
  }
  return 0;
}
