// The file of a gate's baseline: JSON, read strictly.
#pragma once

#include <filesystem>
#include <string>

#include "gate/gate_baseline.h"

namespace fdbench {

/// Reads and checks the file. Throws a usage error that names file and key path
/// (runs.encoder.round_ratios) for whatever is not as `write_baseline` writes it: keys that are
/// unknown or given twice, runs without the figures that they must have, samples that are missing,
/// not positive, no numbers or too few, a speedup that is not the median of its samples, shares and
/// confidences out of range, other types or versions. A gate that is left out has its default, with
/// a note.
GateBaseline read_baseline(const std::filesystem::path& path);

/// The same of the content; file: for messages.
GateBaseline baseline_of_text(const std::string& text, const std::string& file);

/// Writes JSON, whole or not at all. Every figure that is gated on speed stands under a key that
/// contains "speedup".
void write_baseline(const std::filesystem::path& path, const GateBaseline& baseline);

}  // namespace fdbench
