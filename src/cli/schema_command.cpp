#include <cstdio>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "results/schema.h"

namespace fdbench {

void add_schema_command(CLI::App& app) {
  const auto format = std::make_shared<std::string>("table");
  CLI::App* command =
      app.add_subcommand("schema", "The fields and arrays of a result file, for tools and docs");
  command->add_option("--format", *format, "table, json or md")
      ->check(CLI::IsMember(schema_formats()))
      ->capture_default_str();
  command->footer("Example: fdbench schema --format json");
  command->callback([format] { std::fputs(schema_text(*format).c_str(), stdout); });
}

}  // namespace fdbench
