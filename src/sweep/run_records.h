// Rows of the result file's tables, from plans, grids and raw samples.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "results/record_table.h"
#include "results/run_fields.h"
#include "results/unit_file.h"
#include "work/prepared_sweep.h"

namespace fdbench {

/// What is known of a run before it ran.
RunRecord planned_record(const PreparedRun& run);

/// Of each stage, [G]: as planned, or as it was decided during the run. ran: [S, L] uint8 of all
/// stages.
std::vector<std::int64_t> counted_multiply_adds(const PreparedSweep& sweep, const PreparedRun& run,
                                                const at::Tensor& ran);

/// Counts what really ran. ran: [S, L] uint8 of all stages; calls: [G, 2] network calls and steps
/// with a call of each.
void count_grid(RunRecord& record, const PreparedSweep& sweep, const PreparedRun& run,
                const at::Tensor& ran, const at::Tensor& calls);

/// Medians of the times and speedups with their intervals. timing: arrays [R, N] of timing_round.h.
void summarise_timing(RunRecord& record, const Arrays& timing, int run, int baseline);

/// Seconds that a run's network calls take by the times of single layers: each layer's median time
/// in one whole call, times the share of its multiply-adds that the run does over all steps. What
/// it leaves out is what batching gains and what handing tensors on costs. NaN without layer times.
double predicted_time(const PreparedSweep& sweep, int run, const Arrays& timing);

/// Standard deviation (population) over the steps that are not NaN. values: [n, S, B] -> [n, B].
at::Tensor std_over_steps(const at::Tensor& values);

/// [S, L] uint8.
at::Tensor cells_of(const Plan& plan);

/// Names along the axes of the file: runs, stages (none where there is one alone), layers and,
/// where features are watched, blocks.
std::map<char, std::vector<std::string>> axis_names(const PreparedSweep& sweep);

RecordTable prompt_table(const PreparedSweep& sweep);
RecordTable stage_table(const PreparedSweep& sweep);
RecordTable layer_table(const PreparedSweep& sweep);
RecordTable block_table(const PreparedSweep& sweep);

}  // namespace fdbench
