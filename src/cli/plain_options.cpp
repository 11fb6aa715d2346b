#include "cli/plain_options.h"

#include "io/text_file.h"

namespace fdbench {
namespace {

constexpr std::int64_t kMostThreads = 4096;

}  // namespace

CLI::Option* add_threads(CLI::App& command, int& threads) {
  return add_whole_number(command, "--threads", threads, "Threads (default: all cores)", 0,
                          kMostThreads);
}

CLI::Validator is_text() {
  return {[](std::string& text) {
            const std::string fault = encoding_fault(text);
            return fault.empty() ? fault : fault + "; the terminal's encoding must be UTF-8";
          },
          ""};
}

CLI::Validator is_prompt() {
  return {[](std::string& text) {
            const std::string fault = is_text()(text);
            if (!fault.empty() || text.empty() || !is_blank(text)) return fault;
            return std::string("nothing but white space; the empty prompt is \"\"");
          },
          ""};
}

}  // namespace fdbench
