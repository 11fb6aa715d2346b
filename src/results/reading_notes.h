// What a reader must know besides the numbers of a result: figures that are not numbers, speedups
// that were not measured well, rounds during which the machine did something else.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "results/hdf5.h"
#include "results/run_fields.h"

namespace fdbench {

/// True where a figure that the run must have is not a number: an older or edited file, since
/// nothing writes such a figure. What was not measured is no such case. An infinite PSNR is one: of
/// identical pictures.
bool is_not_a_number(const RunField& field, const RunRecord& record,
                     std::span<const RunRecord> records);

/// A line a run with such figures.
std::vector<std::string> lines_of_no_numbers(std::span<const RunRecord> records);

/// A line a run of which some times or distances, by round or picture, are not numbers.
std::vector<std::string> lines_of_bad_rows(const Hdf5File& file,
                                           std::span<const RunRecord> records);

/// True for a speedup that was measured too badly to be advised: its interval is wider than a tenth
/// of it, or there is none.
bool is_uncertain(const RunRecord& record);

/// One line that names the runs whose interval is too wide, and says what to do; "" without any.
std::string line_of_uncertain(std::span<const RunRecord> records);

/// One line that names the rounds during which the machine did something else, by the limits of
/// analysis/disturbances.py; "" without any.
std::string line_of_disturbed(const Hdf5File& file);

}  // namespace fdbench
