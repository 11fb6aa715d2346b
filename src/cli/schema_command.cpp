#include <cstdio>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/declared_tables.h"
#include "results/schema.h"

namespace fdbench {
namespace {

struct SchemaOptions {
  std::string of = "results", format = "table";
};

std::string text_of(const SchemaOptions& options) {
  if (options.of == "strategies") return strategies_text(options.format);
  if (options.of == "settings") return settings_table(options.format);
  return schema_text(options.format);
}

}  // namespace

void add_schema_command(CLI::App& app) {
  const auto options = std::make_shared<SchemaOptions>();
  CLI::App* command = app.add_subcommand(
      "schema", "The fields and arrays of a result file, strategies, settings: for tools and docs");
  command
      ->add_option("--of", options->of,
                   "results (fields and arrays of a file), strategies (with their options), or "
                   "settings (with what depends on each)")
      ->check(CLI::IsMember({"results", "strategies", "settings"}))
      ->capture_default_str();
  command->add_option("--format", options->format, "table, json or md")
      ->check(CLI::IsMember(schema_formats()))
      ->capture_default_str();
  command->footer(
      "Examples: fdbench schema --format json\n"
      "          fdbench schema --of strategies --format md");
  command->callback([options] { std::fputs(text_of(*options).c_str(), stdout); });
}

}  // namespace fdbench
