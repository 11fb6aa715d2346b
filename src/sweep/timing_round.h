// One timing round: every run of the sweep makes the same picture, one after the other in shuffled
// order.
#pragma once

#include "results/unit_file.h"
#include "sweep/picture_unit.h"
#include "work/prepared_sweep.h"

namespace fdbench {

/// A stage's latent of one picture, and how long it took.
struct TimedLatent {
  DenoiseResult result;
  /// [s] The whole loop: network and sampler.
  double total_s = 0;
};

/// Makes what stage `stage` of a run makes for picture `picture`, from its own noise, without
/// observing anything. The clock starts when noise and sampler are ready. pair: conditioning of
/// batch 1.
TimedLatent time_latent(const PreparedSweep& sweep, const Task& task, const PreparedRun& run,
                        std::size_t stage, std::int64_t picture, const PromptPair& pair);

/// Every run makes `experiment.timing.warmup` pictures that are not timed.
void warm_up(const PreparedSweep& sweep, const Task& task);

/// The picture of round n is prompt n (from the start again after the last). Nothing is observed or
/// printed meanwhile.
Arrays time_round(const PreparedSweep& sweep, const Task& task, int round);

/// The order of the runs in a round: a permutation that depends on the seed and the round only.
std::vector<int> shuffled_runs(int num_runs, std::uint64_t seed, int round);

}  // namespace fdbench
