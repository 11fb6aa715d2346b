#include "config/grid_config.h"

#include "io/text_file.h"

namespace fdbench {
namespace {

/// "#..#", or a list of 0 and 1.
std::string read_cells(const ConfigValue& value) {
  if (!value.is_list()) return value.text();
  std::string cells;
  for (const ConfigValue& item : value.list()) cells += item.integer(0, 1) == 1 ? '1' : '0';
  return cells;
}

}  // namespace

GridLines read_grid(const ConfigValue& value) {
  return at_place(value, [&] {
    if (!value.is_map()) return parse_grid(value.text());
    ConfigMap map(value);
    if (map.has("file")) {
      const std::string file = map.at("file").text();
      map.finish();
      return parse_grid(read_text(file, "grid file"));
    }
    GridLines lines;
    for (const auto& [name, cells] : map.rest()) lines[name] = read_cells(cells);
    if (lines.empty()) throw value.error("'" + value.path() + "' names no layer, block or part");
    return lines;
  });
}

}  // namespace fdbench
