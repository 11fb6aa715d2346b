// `grid:` of a run: the plan itself, inline or in a file.
#pragma once

#include "config/config_reader.h"
#include "plan/plan_grid.h"

namespace fdbench {

/// Lines of text (`grid: |`), {file: FILE} of what `fdbench plan` prints, as text or JSON, or a map
/// of names to cells, each a text (#..#) or a list of 0 and 1. Throws usage errors with the place.
GridLines read_grid(const ConfigValue& value);

}  // namespace fdbench
