#include "plan/program.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/error.h"
#include "plan/choice_compiler.h"
#include "plan/output_slots.h"
#include "plan/pattern.h"

namespace fdbench {
namespace {

/// Follows a schedule from step to step.
class Compiler {
 public:
  Compiler(const Schedule& schedule, std::span<const LayerInfo> layers,
           const ProgramOptions& options)
      : schedule_(schedule),
        layers_(layers),
        options_(options),
        outputs_(schedule, layers),
        skip_source_(layers.size(), -1) {}

  Program compile() {
    Program program;
    program.num_steps = schedule_.num_steps();
    program.num_layers = schedule_.num_layers();
    program.options = options_;
    program.predictions.resize(static_cast<std::size_t>(program.num_steps));
    for (int step = 0; step < program.num_steps; ++step) {
      program.dropped.push_back(schedule_.dropped(step));
    }
    for (int first = 0; first < program.num_steps; first = program.calls.back().end) {
      program.calls.push_back(call(first));
      const Call& made = program.calls.back();
      for (int step = made.first; step < made.end; ++step) {
        if (!schedule_.dropped(step)) {
          program.predictions[static_cast<std::size_t>(step)] =
              outputs_.operand(program.num_layers - 1, {step});
        }
      }
    }
    program.num_slots = outputs_.count();
    return program;
  }

 private:
  int group_end(int first) const {
    int end = first + 1;
    if (options_.execution != Execution::kParallel) return end;
    int num_running = schedule_.calls(first) ? 1 : 0;
    for (; end < schedule_.num_steps() && schedule_.independent(end); ++end) {
      if (!schedule_.calls(end)) continue;
      if (options_.max_parallel > 0 && num_running == options_.max_parallel) break;
      ++num_running;
    }
    return end;
  }

  Call call(int first) {
    Call call{.first = first, .end = group_end(first)};
    for (int step = first; step < call.end; ++step) {
      if (schedule_.calls(step)) call.steps.push_back(step);
    }
    if (call.steps.empty()) return call;
    call.reads_sample = !schedule_.independent(first);
    call.states.emplace_back(call.steps.size());
    std::iota(call.states[0].begin(), call.states[0].end(), std::size_t{0});
    for (int layer = 0; layer < schedule_.num_layers(); ++layer) {
      for (const std::vector<std::size_t>& positions : batches_of(layer, call)) {
        call.ops.push_back(op(layer, call, positions));
      }
    }
    call.pattern = pattern_of(call.ops, call.states);
    return call;
  }

  /// The call's steps at which the layer runs, by position; those that do without the same optional
  /// inputs together, since they are given the same inputs.
  std::vector<std::vector<std::size_t>> batches_of(int layer, const Call& call) const {
    std::vector<std::vector<std::size_t>> batches;
    std::vector<std::vector<bool>> inputs_of_batch;
    for (std::size_t i = 0; i < call.steps.size(); ++i) {
      if (!schedule_.runs(call.steps[i], layer)) continue;
      std::vector<bool> inputs;
      for (const Edge& input : layers_[layer].inputs) {
        inputs.push_back(schedule_.reads(call.steps[i], input));
      }
      const auto same = std::find(inputs_of_batch.begin(), inputs_of_batch.end(), inputs);
      const auto place = static_cast<std::size_t>(same - inputs_of_batch.begin());
      if (same == inputs_of_batch.end()) {
        inputs_of_batch.push_back(inputs);
        batches.emplace_back();
      }
      batches[place].push_back(i);
    }
    return batches;
  }

  Op op(int layer, Call& call, const std::vector<std::size_t>& positions) {
    Op op{.layer = layer};
    for (const std::size_t position : positions) op.steps.push_back(call.steps[position]);
    const auto state = std::find(call.states.begin(), call.states.end(), positions);
    op.state = static_cast<int>(state - call.states.begin());
    if (state == call.states.end()) call.states.push_back(positions);
    for (const Edge& input : layers_[layer].inputs) op.inputs.push_back(input_of(op, input));
    op.slot = outputs_.hold(layer, op.steps);
    return op;
  }

  Operand input_of(const Op& op, const Edge& input) {
    if (input.layer == kSample) return {};
    if (!schedule_.reads(op.steps.front(), input)) return {.gathering = Gathering::kNothing};
    Operand made = outputs_.operand(input.layer, op.steps);
    const bool is_one = made.gathering == Gathering::kOne;
    if (input.kind != EdgeKind::kSkip) {
      made.repeated = op.steps.size() > 1;
      return made;
    }
    int& last = skip_source_[op.layer];
    if (!is_one || !options_.savings.skip_hoisting) {
      last = -1;
      made.repeated = op.steps.size() > 1;
      return made;
    }
    const int source = schedule_.held_source(op.steps.front(), input.layer);
    made.unchanged = last == source;
    last = source;
    for (int step = op.steps.back() + 1; step < schedule_.num_steps(); ++step) {
      if (schedule_.held_source(step, input.layer) != source || made.reused_later) break;
      made.reused_later = schedule_.runs(step, op.layer);
    }
    return made;
  }

  const Schedule& schedule_;
  std::span<const LayerInfo> layers_;
  ProgramOptions options_;
  OutputSlots outputs_;
  /// By layer: step whose skip its last run took; -1: none, or several.
  std::vector<int> skip_source_;
};

}  // namespace

std::vector<std::string> execution_names() { return {"sequential", "parallel", "auto"}; }

Execution parse_execution(const std::string& name) {
  const std::vector<std::string> names = execution_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<Execution>(found - names.begin());
  throw usage_error("execution '" + name + "' is not known" + advice(name, names));
}

std::string execution_name(Execution execution) {
  return execution_names()[static_cast<std::size_t>(execution)];
}

int Program::num_calls() const {
  return static_cast<int>(std::count_if(calls.begin(), calls.end(),
                                        [](const Call& call) { return !call.steps.empty(); }));
}

int Program::num_step_calls() const {
  std::size_t count = 0;
  for (const Call& call : calls) count += call.steps.size();
  return static_cast<int>(count);
}

std::int64_t Program::num_layer_runs() const {
  std::int64_t runs = 0;
  for (const Call& call : calls) {
    if (choice && !call.steps.empty()) runs += num_layers;
    for (const Op& op : call.ops) runs += static_cast<std::int64_t>(op.steps.size());
  }
  return runs;
}

std::vector<bool> Program::runs() const {
  const auto width = static_cast<std::size_t>(num_layers);
  std::vector<bool> found(static_cast<std::size_t>(num_steps) * width, choice.has_value());
  for (const Call& call : calls) {
    for (const Op& op : call.ops) {
      for (const int step : op.steps) {
        found[static_cast<std::size_t>(step) * width + static_cast<std::size_t>(op.layer)] = true;
      }
    }
  }
  return found;
}

Program compile(const Schedule& schedule, std::span<const LayerInfo> layers,
                const ProgramOptions& options) {
  if (options.max_parallel < 0) {
    throw usage_error("max_parallel must not be negative: " + std::to_string(options.max_parallel));
  }
  if (schedule.plan().adaptive()) return compile_choice(schedule.plan(), layers, options);
  return Compiler(schedule, layers, options).compile();
}

Program compile(const Plan& plan, std::span<const LayerInfo> layers,
                const ProgramOptions& options) {
  return compile(Schedule(plan, layers), layers, options);
}

}  // namespace fdbench
