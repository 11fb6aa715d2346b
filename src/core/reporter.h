// Who hears a long job: its lines, and how far it is.
#pragma once

#include <functional>
#include <string>

#include "core/progress.h"

namespace fdbench {

/// Empty functions: nobody does.
struct Reporter {
  std::function<void(const std::string& line)> say;
  ProgressWriter write_progress;
};

}  // namespace fdbench
