#include "plan/plan_grid.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "core/error.h"
#include "core/hash.h"

namespace fdbench {
namespace {

using nlohmann::json;

constexpr const char* kCharacters = "#-.x01";

char character_of(Cell cell) {
  switch (cell) {
    case Cell::kCompute:
      return '#';
    case Cell::kReuse:
      return '.';
    case Cell::kDrop:
      return 'x';
  }
  return '?';
}

/// By layer. runs: `Program::runs`.
std::vector<std::string> cells_of(const Plan& plan, const std::vector<bool>& runs) {
  std::vector<std::string> cells(static_cast<std::size_t>(plan.num_layers()));
  auto is_run = runs.begin();
  for (int step = 0; step < plan.num_steps(); ++step) {
    for (int layer = 0; layer < plan.num_layers(); ++layer, ++is_run) {
      const char character = character_of(plan.at(step, layer));
      cells[static_cast<std::size_t>(layer)] += character == '#' && !*is_run ? '-' : character;
    }
  }
  return cells;
}

std::string quoted(const std::string& name) { return "grid: '" + name + "'"; }

Cell cell_of(const std::string& name, char character) {
  switch (character) {
    case '#':
    case '1':
    case '-':
      return Cell::kCompute;
    case '.':
    case '0':
      return Cell::kReuse;
    case 'x':
      return Cell::kDrop;
    default:
      throw usage_error(quoted(name) + " has '" + std::string(1, character) +
                        "', which is none of # or 1 (compute), . or 0 (reuse), - (not needed), x "
                        "(left out)");
  }
}

/// "12/36".
bool is_count(const std::string& word) {
  const std::size_t slash = word.find('/');
  return slash != std::string::npos && slash > 0 &&
         word.find_first_not_of("0123456789/") == std::string::npos;
}

GridLines lines_of_text(const std::string& text) {
  GridLines lines;
  std::istringstream stream(text);
  int number = 0;
  for (std::string whole; std::getline(stream, whole);) {
    ++number;
    std::istringstream words(whole);
    std::string name;
    if (!(words >> name) || name[0] == '#') continue;
    std::string cells;
    for (std::string word; words >> word;) {
      if (is_count(word)) continue;
      if (word.find_first_not_of(kCharacters) != std::string::npos) {
        throw usage_error("grid, line " + std::to_string(number) + ": '" + word +
                          "' holds other characters than # or 1 (compute), . or 0 (reuse), - (not "
                          "needed), x (left out)");
      }
      cells += word;
    }
    if (cells.empty()) {
      throw usage_error("grid, line " + std::to_string(number) + ": '" + name +
                        "' has no cells; a line is a name and a character for each step, such as "
                        "'encoder #...#...'");
    }
    // In pieces of 60 steps.
    lines[name] += cells;
  }
  return lines;
}

GridLines lines_of_json(const json& given) {
  const json& run = given.is_array() && given.size() == 1 ? given[0] : given;
  if (given.is_array() && given.size() > 1) {
    throw usage_error("grid: holds " + std::to_string(given.size()) +
                      " plans: take one with `fdbench plan --strategy NAME --format json`");
  }
  const bool fits = run.is_object() && run.contains("layers") && run.contains("cells") &&
                    run["layers"].is_array() && run["cells"].is_array();
  if (!fits) throw usage_error("grid: as JSON it wants an object with 'layers' and 'cells'");
  const json &layers = run["layers"], &rows = run["cells"];
  GridLines lines;
  for (std::size_t step = 0; step < rows.size(); ++step) {
    if (!rows[step].is_array() || rows[step].size() != layers.size()) {
      throw usage_error("grid: row " + std::to_string(step) + " of 'cells' wants " +
                        std::to_string(layers.size()) + " cells, one a layer");
    }
    for (std::size_t layer = 0; layer < layers.size(); ++layer) {
      const json& cell = rows[step][layer];
      const bool is_cell =
          cell.is_number_integer() && cell.get<double>() >= 0 && cell.get<double>() <= 2;
      if (!is_cell || !layers[layer].is_string()) {
        throw usage_error("grid: a cell is 0 (left out), 1 (reuse) or 2 (compute), a layer a name");
      }
      lines[layers[layer].get<std::string>()] += character_of(static_cast<Cell>(cell.get<int>()));
    }
  }
  return lines;
}

/// All names that select something, for advice.
std::vector<std::string> names_of(std::span<const LayerInfo> layers) {
  std::vector<std::string> names;
  for (const LayerInfo& layer : layers) {
    for (const std::string& name : {layer.part, layer.block, layer.name}) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

void check_lines(const GridLines& lines, int num_steps, std::span<const LayerInfo> layers) {
  if (lines.empty()) throw usage_error("grid: has no line such as 'encoder #...#...'");
  const std::vector<std::string> names = names_of(layers);
  for (const auto& [name, cells] : lines) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      throw usage_error(quoted(name) + " is not a layer, block or part of this model" +
                        advice(name, names));
    }
    if (cells.size() == static_cast<std::size_t>(num_steps)) continue;
    throw usage_error(quoted(name) + " has " + std::to_string(cells.size()) + " steps, the run " +
                      std::to_string(num_steps));
  }
}

/// A step that is left out is left out whole, or it is an error; but control networks may be left
/// out alone.
void check_drops(const Plan& plan, std::span<const LayerInfo> layers) {
  const std::vector<bool> is_optional = optional_layers(layers);
  for (int step = 0; step < plan.num_steps(); ++step) {
    int dropped = -1, other = -1;
    for (int layer = 0; layer < plan.num_layers(); ++layer) {
      const bool is_left_out = plan.at(step, layer) == Cell::kDrop;
      if (is_left_out && is_optional[static_cast<std::size_t>(layer)]) continue;
      (is_left_out ? dropped : other) = layer;
    }
    if (dropped < 0 || other < 0) continue;
    throw usage_error("grid: step " + std::to_string(plan.num_steps() - step) + " (number " +
                      std::to_string(step + 1) + ") is left out (x) in " + layers[dropped].name +
                      " but not in " + layers[other].name + "; only whole steps can be");
  }
}

}  // namespace

std::vector<GridRow> grid_rows(const Plan& plan, const Program& program,
                               std::span<const LayerInfo> layers) {
  const std::vector<std::string> cells = cells_of(plan, program.runs());
  std::vector<GridRow> rows;
  const int count = static_cast<int>(layers.size());
  for (int first = 0, end = 0; first < count; first = end) {
    bool is_uniform = true;
    for (end = first; end < count && layers[end].block == layers[first].block; ++end) {
      is_uniform = is_uniform && cells[end] == cells[first];
    }
    if (is_uniform) {
      rows.push_back({layers[first].block, cells[first], first, end});
      continue;
    }
    for (int layer = first; layer < end; ++layer) {
      rows.push_back({layers[layer].name, cells[layer], layer, layer + 1});
    }
  }
  return rows;
}

GridLines parse_grid(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  const bool is_json = begin != std::string::npos && (text[begin] == '[' || text[begin] == '{');
  if (!is_json) return lines_of_text(text);
  const json given = json::parse(text, nullptr, false);
  if (given.is_discarded()) throw usage_error("grid: begins as JSON but is none");
  return lines_of_json(given);
}

Plan plan_of_grid(const GridLines& lines, int num_steps, std::span<const LayerInfo> layers) {
  check_lines(lines, num_steps, layers);
  Plan plan(num_steps, static_cast<int>(layers.size()));
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    for (const std::string& name : {layers[layer].name, layers[layer].block, layers[layer].part}) {
      const auto line = lines.find(name);
      if (line == lines.end()) continue;
      for (int step = 0; step < num_steps; ++step) {
        plan.set(step, static_cast<int>(layer), cell_of(name, line->second[step]));
      }
      break;
    }
  }
  check_drops(plan, layers);
  return plan;
}

std::string plan_hash(const Plan& plan) {
  std::string text = std::to_string(plan.num_steps()) + " " + std::to_string(plan.num_layers()) +
                     " " + reuse_name(plan.reuse()) + " ";
  for (const Cell cell : plan.cells()) text += character_of(cell);
  if (const auto& rule = plan.adaptive()) {
    char threshold[40];
    std::snprintf(threshold, sizeof threshold, " %.17g ", rule->threshold);
    text += threshold + std::to_string(rule->warmup) + " " + std::to_string(rule->max_run) + " " +
            std::to_string(rule->head) + " ";
    for (const Cell cell : rule->cached) text += character_of(cell);
  }
  return content_hash(text);
}

}  // namespace fdbench
