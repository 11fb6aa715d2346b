// --variant of the commands that open a model folder.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace fdbench {

/// Adds --variant to a command.
void add_variant_option(CLI::App& command, std::string& variant);

}  // namespace fdbench
