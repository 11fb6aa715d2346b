// What the program shows while it works.
#pragma once

#include "core/reporter.h"

namespace fdbench {

/// Writes to stderr; empty where that is no terminal.
ProgressWriter terminal_progress();

/// Lines on stdout, progress on stderr.
Reporter terminal_reporter();

}  // namespace fdbench
