// Token merging on the command line, the same for every subcommand that has it.
#pragma once

#include <CLI/CLI.hpp>

#include "nn/token_merging.h"

namespace fdbench {

/// Adds --tome-ratio and the options that need it. Values that cannot be are for
/// `check_token_merging`.
void add_tome_options(CLI::App& command, TokenMerging& merging);

}  // namespace fdbench
