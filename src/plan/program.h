// The program: a plan compiled for one graph. What runs in which batch, what each layer reads, and
// what is shared, kept and freed is decided here, once; executor and cost counter read the same.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/denoiser.h"
#include "plan/exact_savings.h"
#include "plan/schedule.h"

namespace fdbench {

enum class Execution {
  /// Step by step.
  kSequential,
  /// Consecutive steps whose computed layers need no latent of their own share one batch (paper,
  /// section 3.3).
  kParallel,
  /// Whichever a measurement finds fastest (profiling/execution_choice.h); step by step until then.
  kAuto,
};
/// Throws a usage error for a name that is not known.
Execution parse_execution(const std::string& name);
std::string execution_name(Execution execution);
std::vector<std::string> execution_names();

struct ProgramOptions {
  Execution execution = Execution::kSequential;
  /// Steps in one batch at most; 0: no cap.
  int max_parallel = 0;
  ExactSavings savings;
};

/// The output of a layer at one step, where it is held.
struct Piece {
  int slot = 0;
  /// Place of the step among the `num_steps` whose outputs the slot holds one after the other.
  std::size_t position = 0, num_steps = 1;
};

/// How an input is put together.
enum class Gathering {
  /// The latent itself.
  kSample,
  /// Nothing: an optional input that is left out.
  kNothing,
  /// One output, which stands for its repetition where several steps take it.
  kOne,
  /// All that a slot holds, in order.
  kWhole,
  /// A piece for each step.
  kPieces,
  /// A weighted sum of pieces for each step.
  kForecast,
};

/// One input of a layer.
struct Operand {
  int layer = kSample;
  Gathering gathering = Gathering::kSample;
  /// By step of the op; the nearest outputs first. One list for kOne and kWhole.
  std::vector<std::vector<Piece>> pieces;
  /// By step, of kForecast: as long as its pieces. Empty where they follow from the steps that a
  /// rule decides for during the run.
  std::vector<std::vector<double>> weights;
  /// Repeated to the whole batch of the op.
  bool repeated = false;
  /// `LayerInput::unchanged` and `LayerInput::reused_later`.
  bool unchanged = false, reused_later = false;
  /// Slots that nothing reads after this.
  std::vector<int> frees;
};

/// One run of a layer for one or more steps.
struct Op {
  int layer = 0;
  /// Takes the output.
  int slot = 0;
  /// In sampling order.
  std::vector<int> steps;
  /// Into `Call::states`.
  int state = 0;
  std::vector<Operand> inputs;
};

/// Steps that are done together: one batch through the network, then their updates one by one.
struct Call {
  /// All steps of the group: [first, end).
  int first = 0, end = 0;
  /// Those at which at least one layer runs; empty: no network call.
  std::vector<int> steps;
  /// The first step's latent is read.
  bool reads_sample = false;
  /// Positions in `steps` of what ops run for: the first is all of them.
  std::vector<std::vector<std::size_t>> states;
  std::vector<Op> ops;
  /// Equal for calls that do the same work with other numbers.
  std::uint64_t pattern = 0;
};

/// The rows that a rule chooses between during the run. Slots are rings: `slot` of a layer is its
/// newest output, `slot` + 1 the one before, ... `depth` of them.
struct Choice {
  AdaptiveRefresh rule;
  int depth = 1;
  /// By layer: how many of its newest outputs later rows read.
  std::vector<int> num_kept;
  /// What every row begins with, up to what the rule looks at.
  std::vector<Op> head;
  /// The rest of a row that computes everything, and of one that reuses.
  std::vector<Op> refresh, cached;
  /// Of either row.
  std::uint64_t refresh_pattern = 0, cached_pattern = 0;
};

struct Program {
  int num_steps = 0, num_layers = 0, num_slots = 0;
  ProgramOptions options;
  /// By step: left out.
  std::vector<bool> dropped;
  /// In order. Where a rule decides: one call a step, without ops.
  std::vector<Call> calls;
  /// By step what the sampler is given; nothing for steps that are left out.
  std::vector<Operand> predictions;
  std::optional<Choice> choice;

  /// Calls, steps at which at least one layer runs, and layer runs over all steps; the most that
  /// can happen where a rule decides.
  int num_calls() const;
  int num_step_calls() const;
  std::int64_t num_layer_runs() const;
  /// [num_steps * num_layers], steps one after the other: true where a layer runs; where a rule
  /// decides, true everywhere.
  std::vector<bool> runs() const;
};

/// Throws a usage error for a negative max_parallel.
Program compile(const Schedule& schedule, std::span<const LayerInfo> layers,
                const ProgramOptions& options);
/// The same of a plan.
Program compile(const Plan& plan, std::span<const LayerInfo> layers, const ProgramOptions& options);

}  // namespace fdbench
