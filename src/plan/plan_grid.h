// A plan as lines of text that are read back, and its hash.
#pragma once

#include <map>
#include <span>
#include <string>

#include "models/denoiser.h"
#include "plan/plan.h"
#include "plan/program.h"

namespace fdbench {

/// Cells by name, a character for each step in sampling order: '#' compute, '-' compute though
/// nothing needs it, '.' reuse, 'x' left out; 1 and 0 stand for '#' and '.', as in masks of other
/// tools. A name is a layer, a block or a part.
using GridLines = std::map<std::string, std::string>;

/// One line of a grid as it is shown: a block of which all layers do the same, or one of its
/// layers.
struct GridRow {
  std::string name, cells;
  /// Layers that it stands for: [first, end).
  int first = 0, end = 0;
};

/// In the order of the layers: the plan's cells, and of those that compute which ones the program
/// really runs. program: of the plan for these layers.
std::vector<GridRow> grid_rows(const Plan& plan, const Program& program,
                               std::span<const LayerInfo> layers);

/// Reads what `fdbench plan` prints, as text (lines "NAME CELLS", cells in pieces, a count such as
/// 12/36 at the end; what begins with '#' and blank is passed over) or as JSON (`layers` and
/// `cells` of one run), or by hand. Throws a usage error that names the line for what is neither.
GridLines parse_grid(const std::string& text);

/// The plan: the most specific line of a layer counts (layer, block, part), and what no line names
/// computes at every step. Throws a usage error that names the line for a name that the model does
/// not have, an unknown character, a wrong number of steps, and a step that is left out in part.
Plan plan_of_grid(const GridLines& lines, int num_steps, std::span<const LayerInfo> layers);

/// Of all that a plan does: cells, how reused outputs are made, the rule that decides during the
/// run. Equal hashes, equal work.
std::string plan_hash(const Plan& plan);

}  // namespace fdbench
