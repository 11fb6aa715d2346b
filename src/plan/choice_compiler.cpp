#include "plan/choice_compiler.h"

#include <utility>

#include "core/error.h"
#include "plan/pattern.h"

namespace fdbench {
namespace {

/// A row that computes everything, then one that reuses.
Plan both_rows(const Plan& plan) {
  Plan both(2, plan.num_layers());
  both.set_reuse(plan.reuse());
  for (int layer = 0; layer < plan.num_layers(); ++layer) {
    both.set(1, layer, plan.adaptive()->cached[static_cast<std::size_t>(layer)]);
  }
  return both;
}

/// By layer: true for `last` and for all that it is made of.
std::vector<bool> layers_before(int last, std::span<const LayerInfo> layers) {
  std::vector<bool> found(layers.size(), false);
  found[static_cast<std::size_t>(last)] = true;
  for (int layer = last; layer >= 0; --layer) {
    if (!found[static_cast<std::size_t>(layer)]) continue;
    for (const Edge& input : layers[static_cast<std::size_t>(layer)].inputs) {
      if (input.layer != kSample) found[static_cast<std::size_t>(input.layer)] = true;
    }
  }
  return found;
}

class RowCompiler {
 public:
  RowCompiler(const Plan& plan, std::span<const LayerInfo> layers, const ProgramOptions& options)
      : rule_(*plan.adaptive()),
        layers_(layers),
        depth_(num_sources(plan.reuse())),
        hoists_(options.savings.skip_hoisting && depth_ == 1),
        feeds_head_(layers_before(rule_.head, layers)),
        schedule_(both_rows(plan), layers) {
    for (int layer = 0; layer <= rule_.head; ++layer) {
      if (!feeds_head_[static_cast<std::size_t>(layer)]) continue;
      if (rule_.cached[static_cast<std::size_t>(layer)] == Cell::kCompute) continue;
      throw usage_error("the rule looks at " + layers_[rule_.head].name + ", which needs " +
                        layers_[layer].name + ", but a row that reuses leaves it out");
    }
  }

  Choice compile() const {
    Choice choice{.rule = rule_, .depth = depth_};
    for (int layer = 0; layer < schedule_.num_layers(); ++layer) {
      choice.num_kept.push_back(num_kept(layer));
      if (feeds_head_[static_cast<std::size_t>(layer)]) {
        choice.head.push_back(op(layer, 0));
        continue;
      }
      choice.refresh.push_back(op(layer, 0));
      if (schedule_.runs(1, layer)) choice.cached.push_back(op(layer, 1));
    }
    choice.refresh_pattern = pattern_of(choice.refresh, {{0}});
    choice.cached_pattern = pattern_of(choice.cached, {{0}});
    return choice;
  }

  /// What the sampler is given after any row.
  Operand prediction() const { return operand(schedule_.num_layers() - 1, 0); }

 private:
  /// The prediction is read after its row, and by rows that reuse it.
  int num_kept(int layer) const {
    if (layer == schedule_.num_layers() - 1) return 1;
    return schedule_.wanted_later(0, layer) ? depth_ : 0;
  }

  Op op(int layer, int row) const {
    Op op{.layer = layer, .slot = layer * depth_};
    for (const Edge& input : layers_[layer].inputs)
      op.inputs.push_back(input_of(layer, input, row));
    return op;
  }

  Operand input_of(int layer, const Edge& input, int row) const {
    if (input.layer == kSample) return {};
    Operand made = operand(input.layer, row);
    const bool is_reused = schedule_.runs(1, layer) && !schedule_.runs(1, input.layer);
    if (input.kind == EdgeKind::kSkip && hoists_ && is_reused) {
      made.unchanged = row == 1;
      made.reused_later = true;
    }
    return made;
  }

  Operand operand(int layer, int row) const {
    Operand made{.layer = layer, .gathering = Gathering::kOne, .pieces = {{}}};
    const bool is_fresh = schedule_.runs(row, layer);
    for (int k = 0; k < (is_fresh ? 1 : depth_); ++k) {
      made.pieces[0].push_back({.slot = layer * depth_ + k});
    }
    if (made.pieces[0].size() > 1) made.gathering = Gathering::kForecast;
    return made;
  }

  AdaptiveRefresh rule_;
  std::span<const LayerInfo> layers_;
  int depth_;
  bool hoists_;
  /// By layer: what the rule looks at, and all that comes before it.
  std::vector<bool> feeds_head_;
  Schedule schedule_;
};

}  // namespace

Program compile_choice(const Plan& plan, std::span<const LayerInfo> layers,
                       const ProgramOptions& options) {
  const RowCompiler rows(plan, layers, options);
  Program program{.num_steps = plan.num_steps(), .num_layers = plan.num_layers()};
  program.options = options;
  program.choice = rows.compile();
  program.num_slots = program.num_layers * program.choice->depth;
  program.dropped.assign(static_cast<std::size_t>(program.num_steps), false);
  program.predictions.assign(static_cast<std::size_t>(program.num_steps), rows.prediction());
  for (int step = 0; step < program.num_steps; ++step) {
    program.calls.push_back(
        {.first = step, .end = step + 1, .steps = {step}, .reads_sample = true, .states = {{0}}});
  }
  return program;
}

}  // namespace fdbench
