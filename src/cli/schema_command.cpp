#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/declared_tables.h"
#include "results/schema.h"

namespace fdbench {
namespace {

struct SchemaOptions {
  std::string of = "results", format = "table";
};

/// What is declared, and the function that shows it.
struct Declared {
  const char* name;
  std::string (*text)(const std::string& format);
};
constexpr Declared kDeclared[] = {{"results", schema_text},     {"strategies", strategies_text},
                                  {"samplers", samplers_table}, {"rules", rules_table},
                                  {"judges", judges_table},     {"settings", settings_table}};

std::vector<std::string> declared_names() {
  std::vector<std::string> names;
  for (const Declared& declared : kDeclared) names.emplace_back(declared.name);
  return names;
}

std::string text_of(const SchemaOptions& options) {
  const auto is_wanted = [&](const Declared& declared) { return declared.name == options.of; };
  return std::find_if(std::begin(kDeclared), std::end(kDeclared), is_wanted)->text(options.format);
}

}  // namespace

void add_schema_command(CLI::App& app) {
  const auto options = std::make_shared<SchemaOptions>();
  CLI::App* command = app.add_subcommand(
      "schema",
      "The fields and arrays of a result file, and what a config may say: for tools and docs");
  command
      ->add_option("--of", options->of,
                   "results (fields and arrays of a file), strategies, samplers, rules and judges "
                   "(with their options), or settings (with what depends on each)")
      ->check(CLI::IsMember(declared_names()))
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
