// The options that name what looks at pictures: of `judge` and `stats`.
#pragma once

#include <CLI/CLI.hpp>

#include "judging/judged_pictures.h"

namespace fdbench {

void add_options(CLI::App& command, JudgeNetworkOptions& options);

}  // namespace fdbench
