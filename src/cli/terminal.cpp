#include "cli/terminal.h"

#include <unistd.h>

#include <cstdio>

#include "core/one_line.h"

namespace fdbench {

ProgressWriter terminal_progress() {
  if (::isatty(STDERR_FILENO) == 0) return {};
  return [](const std::string& text) {
    std::fputs(text.c_str(), stderr);
    std::fflush(stderr);
  };
}

Reporter terminal_reporter() {
  const auto say = [](const std::string& line) {
    std::printf("%s\n", one_line(line).c_str());
    std::fflush(stdout);
  };
  return {say, terminal_progress()};
}

}  // namespace fdbench
