#include "execution/network_pass.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/device.h"
#include "kernels/batch.h"

namespace fdbench {
namespace {

constexpr int kUncounted = std::numeric_limits<int>::max();  // reads left of an output that is
                                                             // freed by other means

}  // namespace

void Stopwatch::start() {
  synchronize(device_);
  start_ = std::chrono::steady_clock::now();
}

void Stopwatch::stop() {
  synchronize(device_);
  seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

NetworkPass::NetworkPass(const Denoiser& denoiser, const Schedule& schedule,
                         const Conditioning& conditioning, std::int64_t batch_size,
                         std::int64_t height, std::int64_t width, const ExactSavings& savings,
                         const SeededTokenMerging& tome, RowDecision decision)
    : denoiser_(denoiser),
      schedule_(schedule),
      conditioning_(conditioning),
      batch_size_(batch_size),
      height_(height),
      width_(width),
      savings_(savings),
      tome_(tome),
      decision_(std::move(decision)),
      stopwatch_(denoiser.device()),
      outputs_(schedule.num_layers()),
      scratch_(schedule.num_layers()),
      skip_source_(schedule.num_layers(), -1) {}

void NetworkPass::begin(std::span<const int> steps, std::span<const double> timesteps) {
  steps_.assign(steps.begin(), steps.end());
  std::vector<double> values = {timesteps[steps[0]]};  // one stands for all of a single step
  if (steps.size() > 1 || !savings_.prefix_sharing) {
    values.clear();
    for (const int step : steps) values.insert(values.end(), batch_size_, timesteps[step]);
  }
  context_ = denoiser_.begin_step(at::tensor(values, at::kFloat).to(denoiser_.device()),
                                  conditioning_, height_, width_);
  context_.keep_text = savings_.text_caching;
  context_.tome = merging_of(steps_);
}

void NetworkPass::run(std::span<const int> steps, std::span<const double> timesteps,
                      const at::Tensor& sample, const Observer& observer) {
  stopwatch_.start();
  begin(steps, timesteps);
  std::vector<int> needing;
  for (int layer = 0; layer < schedule_.num_layers(); ++layer) {
    needing.clear();
    for (const int step : steps) {
      if (schedule_.runs(step, layer)) needing.push_back(step);
    }
    if (!needing.empty()) run_layer(layer, needing, sample, observer);
    if (layer == decision_.head) decide_row(steps.front());
  }
  stopwatch_.stop();
  if (decision_.decide) free_unwanted();
  measure_held();
}

void NetworkPass::run_layer(int layer, const std::vector<int>& steps, const at::Tensor& sample,
                            const Observer& observer) {
  const auto batch = static_cast<std::int64_t>(steps.size()) * batch_size_;
  std::vector<LayerInput> inputs;
  for (const int input : denoiser_.layers()[layer].inputs) {
    if (input == kSample) {
      inputs.push_back({sample});
    } else if (inputs.size() == 1) {
      inputs.push_back(skip_input(layer, input, steps));
    } else {
      const at::Tensor values = gather(input, steps);
      inputs.push_back({steps.size() > 1 ? repeat_batch(values, batch) : values});
    }
  }
  Output output{steps, denoiser_.run_layer(layer, inputs, context_of(steps), scratch_[layer])};
  for (const int step : steps) output.num_reads_left += schedule_.num_reads(step, layer);
  if (decision_.decide) output.num_reads_left = kUncounted;
  if (observer) observe(observer, layer, output);
  outputs_[layer].push_back(std::move(output));
}

void NetworkPass::decide_row(int step) {
  const at::Tensor& head_input = outputs_[0].back().batch;
  decision_.decide(step, head_input, outputs_[decision_.head].back().batch);
}

void NetworkPass::free_unwanted() {
  const auto most = static_cast<std::size_t>(num_sources(schedule_.plan().reuse()));
  for (int layer = 0; layer < schedule_.num_layers(); ++layer) {
    std::vector<Output>& outputs = outputs_[layer];
    const bool is_prediction = layer == schedule_.num_layers() - 1;
    const std::size_t kept = is_prediction ? 1 : decision_.held[layer] ? most : 0;
    if (outputs.size() > kept) outputs.erase(outputs.begin(), outputs.end() - kept);
  }
}

LayerInput NetworkPass::skip_input(int layer, int input, const std::vector<int>& steps) {
  LayerInput skip{gather(input, steps)};
  const int source = schedule_.held_source(steps.front(), input);
  // Sources never go back.
  const bool is_one = source >= 0 && source == schedule_.held_source(steps.back(), input);
  if (!savings_.skip_hoisting || !is_one) {
    skip_source_[layer] = -1;
    if (steps.size() > 1) {
      skip.values =
          repeat_batch(skip.values, static_cast<std::int64_t>(steps.size()) * batch_size_);
    }
    return skip;
  }
  skip.held = skip_source_[layer] == source;
  skip_source_[layer] = source;
  for (int step = steps.back() + 1; step < schedule_.num_steps() && !skip.kept; ++step) {
    if (schedule_.held_source(step, input) != source) break;
    skip.kept = schedule_.runs(step, layer);
  }
  return skip;
}

void NetworkPass::observe(const Observer& observer, int layer, const Output& output) {
  stopwatch_.stop();
  for (std::size_t i = 0; i < output.steps.size(); ++i) {
    observer(output.steps[i], layer,
             repeat_batch(slice(output.batch, i, output.steps.size()), batch_size_));
  }
  stopwatch_.start();
}

at::Tensor NetworkPass::slice(const at::Tensor& batch, std::size_t position,
                              std::size_t num_steps) const {
  if (num_steps == 1 || batch.size(0) <= batch_size_) return batch;
  return batch.narrow(0, static_cast<std::int64_t>(position) * batch_size_, batch_size_);
}

void NetworkPass::measure_held() {
  std::int64_t bytes = 0;
  for (const std::vector<Output>& outputs : outputs_) {
    for (const Output& output : outputs) bytes += static_cast<std::int64_t>(output.batch.nbytes());
  }
  for (const LayerScratch& scratch : scratch_) bytes += scratch.nbytes();
  peak_held_bytes_ = std::max(peak_held_bytes_, bytes);
}

NetworkPass::Output& NetworkPass::output_of(int layer, int source) {
  const auto holds = [source](const Output& output) {
    return std::find(output.steps.begin(), output.steps.end(), source) != output.steps.end();
  };
  return *std::find_if(outputs_[layer].begin(), outputs_[layer].end(), holds);
}

at::Tensor NetworkPass::gather(int layer, const std::vector<int>& steps) {
  const auto is_forecast = [&](int step) { return schedule_.held_source(step, layer) < 0; };
  const at::Tensor batch = std::any_of(steps.begin(), steps.end(), is_forecast)
                               ? gather_forecasts(layer, steps)
                               : gather_held(layer, steps);
  std::erase_if(outputs_[layer], [](const Output& output) { return output.num_reads_left == 0; });
  return batch;
}

at::Tensor NetworkPass::gather_held(int layer, const std::vector<int>& steps) {
  std::vector<int> sources;
  for (const int step : steps) sources.push_back(schedule_.source(step, layer));
  const bool same = std::count(sources.begin(), sources.end(), sources[0]) ==
                    static_cast<std::ptrdiff_t>(sources.size());
  const bool whole = !same && output_of(layer, sources[0]).steps == sources;
  std::vector<at::Tensor> pieces;
  for (const int source : sources) {
    Output& output = output_of(layer, source);
    --output.num_reads_left;
    const bool first = pieces.empty();
    if (whole && first) pieces.push_back(output.batch);
    if (whole || (same && !first)) continue;  // one output stands for its repetition
    const at::Tensor piece = piece_of(output, source);
    pieces.push_back(same ? piece : repeat_batch(piece, batch_size_));
  }
  return pieces.size() == 1 ? pieces[0] : at::cat(pieces, 0);
}

at::Tensor NetworkPass::gather_forecasts(int layer, const std::vector<int>& steps) {
  std::vector<at::Tensor> pieces;
  for (const int step : steps) {
    const std::vector<int> sources = schedule_.sources(step, layer);
    const std::vector<double> weights = forecast_weights(sources, step);
    at::Tensor sum;
    for (std::size_t i = 0; i < sources.size(); ++i) {
      Output& output = output_of(layer, sources[i]);
      --output.num_reads_left;
      // In float32, since the terms of a forecast far ahead are large and cancel.
      const at::Tensor term = piece_of(output, sources[i]).to(at::kFloat).mul(weights[i]);
      sum = sum.defined() ? sum + term : term;
    }
    sum = sum.to(denoiser_.dtype());
    pieces.push_back(steps.size() > 1 ? repeat_batch(sum, batch_size_) : sum);
  }
  return pieces.size() == 1 ? pieces[0] : at::cat(pieces, 0);
}

at::Tensor NetworkPass::piece_of(const Output& output, int source) const {
  const auto position = std::find(output.steps.begin(), output.steps.end(), source);
  return slice(output.batch, position - output.steps.begin(), output.steps.size());
}

at::Tensor NetworkPass::prediction(int step) {
  return repeat_batch(gather(schedule_.num_layers() - 1, {step}), batch_size_);
}

StepContext NetworkPass::context_of(const std::vector<int>& steps) const {
  if (steps == steps_) return context_;
  StepContext context = context_;
  context.tome = merging_of(steps);
  std::vector<at::Tensor> embs;
  for (const int step : steps) {
    const auto position = std::find(steps_.begin(), steps_.end(), step) - steps_.begin();
    embs.push_back(slice(context_.emb, position, steps_.size()));
  }
  context.emb = embs.size() == 1 ? embs[0] : at::cat(embs, 0);
  const bool is_same = embs.size() == 1 && !conditioning_.text_embeds.defined();
  if (is_same && savings_.prefix_sharing)
    context.emb = context.emb.narrow(0, 0, 1);  // one timestep for all
  return context;
}

SeededTokenMerging NetworkPass::merging_of(const std::vector<int>& steps) const {
  SeededTokenMerging merging{tome_.options, {}};
  if (!tome_.options.on() || !tome_.options.use_rand) return merging;
  const auto num_pictures = static_cast<std::int64_t>(tome_.seeds.size());
  const std::int64_t repeats = steps.size() > 1 ? batch_size_ / num_pictures : 1;
  for (const int step : steps) {
    const std::vector<std::uint64_t> seeds = mixed_seeds(tome_.seeds, step);
    for (std::int64_t i = 0; i < repeats; ++i) {
      merging.seeds.insert(merging.seeds.end(), seeds.begin(), seeds.end());
    }
  }
  return merging;
}

}  // namespace fdbench
