#include "execution/network_pass.h"

#include <algorithm>
#include <utility>

#include "plan/forecast.h"

namespace fdbench {

NetworkPass::NetworkPass(const Denoiser& denoiser, const Program& program,
                         const Conditioning& conditioning, SampleShape shape,
                         std::span<const double> timesteps, const SeededTokenMerging& tome)
    : denoiser_(denoiser),
      program_(program),
      conditioning_(conditioning),
      shape_(std::move(shape)),
      tome_(tome),
      stopwatch_(denoiser.info().device),
      slots_(static_cast<std::size_t>(program.num_slots)),
      slot_steps_(slots_.size(), -1),
      memos_(static_cast<std::size_t>(program.num_layers)) {
  if (program.choice) {
    decider_ = make_row_decider(program.choice->rule);
    for (const int layer : decider_->looks_at()) {
      seen_.push_back(&slots_[static_cast<std::size_t>(layer * program.choice->depth)]);
    }
  }
  for (const Call& call : program.calls) {
    std::vector<double> values;
    // One stands for all entries of a single step.
    const bool is_one = call.steps.size() == 1 && program.options.savings.prefix_sharing;
    for (const int step : call.steps) {
      values.insert(values.end(), is_one ? 1 : static_cast<std::size_t>(shape_.batch),
                    timesteps[static_cast<std::size_t>(step)]);
    }
    timesteps_.push_back(at::tensor(values, at::kFloat).to(denoiser.info().device));
  }
}

void NetworkPass::run(std::size_t call, const at::Tensor& sample, const LayerObserver& observer) {
  const Call& now = program_.calls[call];
  stopwatch_.start();
  begin(call);
  if (program_.choice) {
    run_row(now, sample, observer);
  } else {
    run_ops(now.ops, now, sample, observer);
  }
  stopwatch_.stop();
  measure_held();
}

void NetworkPass::begin(std::size_t call) {
  states_.clear();
  states_.push_back(denoiser_.begin(timesteps_[call], conditioning_, shape_,
                                    options_of(program_.calls[call].steps)));
}

const StepState& NetworkPass::state(const Call& call, int index) {
  const auto i = static_cast<std::size_t>(index);
  if (states_.size() <= i) states_.resize(call.states.size());
  if (!states_[i]) {
    std::vector<int> steps;
    for (const std::size_t position : call.states[i]) steps.push_back(call.steps[position]);
    states_[i] = states_[0]->select(call.states[i], call.steps.size(), options_of(steps));
  }
  return *states_[i];
}

void NetworkPass::run_ops(std::span<const Op> ops, const Call& call, const at::Tensor& sample,
                          const LayerObserver& observer) {
  for (const Op& op : ops) {
    inputs_.clear();
    const auto batch = static_cast<std::int64_t>(op.steps.size()) * shape_.batch;
    for (const Operand& operand : op.inputs) {
      Value value = gather(operand, call.first, sample);
      if (operand.repeated) value = repeat_batch(value, batch);
      inputs_.push_back({std::move(value), operand.unchanged, operand.reused_later});
    }
    Value output = denoiser_.run(op.layer, inputs_, state(call, op.state),
                                 &memos_[static_cast<std::size_t>(op.layer)]);
    inputs_.clear();
    store(op, call, std::move(output), observer);
  }
}

void NetworkPass::run_row(const Call& call, const at::Tensor& sample,
                          const LayerObserver& observer) {
  const Choice& choice = *program_.choice;
  run_ops(choice.head, call, sample, observer);
  const bool refreshes = decider_->refreshes(call.first, seen_);
  run_ops(refreshes ? choice.refresh : choice.cached, call, sample, observer);
  for (int layer = 0; layer < program_.num_layers; ++layer) {
    for (int k = choice.num_kept[static_cast<std::size_t>(layer)]; k < choice.depth; ++k) {
      slots_[static_cast<std::size_t>(layer * choice.depth + k)] = {};
    }
  }
}

void NetworkPass::store(const Op& op, const Call& call, Value output,
                        const LayerObserver& observer) {
  const auto slot = static_cast<std::size_t>(op.slot);
  if (program_.choice) {
    for (int k = program_.choice->depth - 1; k > 0; --k) {
      slots_[slot + k] = std::move(slots_[slot + k - 1]);
      slot_steps_[slot + k] = slot_steps_[slot + k - 1];
    }
    slot_steps_[slot] = call.first;
  }
  slots_[slot] = std::move(output);
  const std::span<const int> steps = program_.choice ? call.steps : op.steps;
  num_layer_runs_ += static_cast<std::int64_t>(steps.size());
  if (!observer) return;
  stopwatch_.stop();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    observer(steps[i], op.layer, repeat_batch(piece({op.slot, i, steps.size()}), shape_.batch));
  }
  stopwatch_.start();
}

Value NetworkPass::piece(const Piece& piece) const {
  const Value& value = slots_[static_cast<std::size_t>(piece.slot)];
  if (piece.num_steps == 1 || value.batch() <= shape_.batch) return value;
  return value.entries(static_cast<std::int64_t>(piece.position) * shape_.batch, shape_.batch);
}

Value NetworkPass::gather(const Operand& operand, int step, const at::Tensor& sample) {
  Value value;
  switch (operand.gathering) {
    case Gathering::kSample:
      return sample;
    case Gathering::kNothing:
      return {};
    case Gathering::kOne:
      value = piece(operand.pieces[0][0]);
      break;
    case Gathering::kWhole:
      value = slots_[static_cast<std::size_t>(operand.pieces[0][0].slot)];
      break;
    case Gathering::kPieces: {
      std::vector<Value> parts;
      for (const std::vector<Piece>& pieces : operand.pieces) {
        parts.push_back(repeat_batch(piece(pieces[0]), shape_.batch));
      }
      value = cat_batch(parts);
      break;
    }
    case Gathering::kForecast:
      value = forecast(operand, step);
      break;
  }
  for (const int slot : operand.frees) slots_[static_cast<std::size_t>(slot)] = {};
  return value;
}

Value NetworkPass::forecast(const Operand& operand, int step) const {
  std::vector<Value> parts;
  for (std::size_t i = 0; i < operand.pieces.size(); ++i) {
    std::vector<Value> terms;
    std::vector<int> sources;
    for (const Piece& one : operand.pieces[i]) {
      const bool has_run = !slots_[static_cast<std::size_t>(one.slot)].empty();
      if (!has_run) break;
      terms.push_back(piece(one));
      sources.push_back(slot_steps_[static_cast<std::size_t>(one.slot)]);
    }
    if (program_.choice && terms.size() == 1) return terms[0];
    const std::vector<double> weights =
        program_.choice ? forecast_weights(sources, step) : operand.weights[i];
    std::size_t stream = 0;
    const Value sum = terms[0].changed([&](const at::Tensor&) {
      // In float32, since the terms of a forecast far ahead are large and cancel.
      at::Tensor total;
      for (std::size_t j = 0; j < terms.size(); ++j) {
        const at::Tensor term = terms[j][stream].to(at::kFloat).mul(weights[j]);
        total = total.defined() ? total + term : term;
      }
      ++stream;
      return total.to(denoiser_.info().dtype);
    });
    parts.push_back(operand.pieces.size() > 1 ? repeat_batch(sum, shape_.batch) : sum);
  }
  return cat_batch(parts);
}

at::Tensor NetworkPass::prediction(int step) {
  const Operand& operand = program_.predictions[static_cast<std::size_t>(step)];
  return repeat_batch(gather(operand, step, {}), shape_.batch).front();
}

void NetworkPass::measure_held() {
  std::int64_t bytes = 0;
  for (const Value& value : slots_) bytes += value.nbytes();
  for (const auto& memo : memos_) bytes += memo ? memo->nbytes() : 0;
  peak_held_bytes_ = std::max(peak_held_bytes_, bytes);
}

CallOptions NetworkPass::options_of(std::span<const int> steps) const {
  CallOptions options{.tome = {tome_.options, {}},
                      .same_conditioning = program_.options.savings.text_caching,
                      .share_entries = program_.options.savings.prefix_sharing};
  if (!tome_.options.on() || !tome_.options.use_rand) return options;
  const auto num_pictures = static_cast<std::int64_t>(tome_.seeds.size());
  const std::int64_t repeats = steps.size() > 1 ? shape_.batch / num_pictures : 1;
  for (const int step : steps) {
    const std::vector<std::uint64_t> seeds = mixed_seeds(tome_.seeds, step);
    for (std::int64_t i = 0; i < repeats; ++i) {
      options.tome.seeds.insert(options.tome.seeds.end(), seeds.begin(), seeds.end());
    }
  }
  return options;
}

}  // namespace fdbench
