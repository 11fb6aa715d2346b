#include "propagation/network_pass.h"

#include <algorithm>

#include "core/device.h"

namespace fdbench {

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
                         std::int64_t height, std::int64_t width)
    : denoiser_(denoiser),
      schedule_(schedule),
      conditioning_(conditioning),
      batch_size_(batch_size),
      height_(height),
      width_(width),
      stopwatch_(denoiser.device()),
      outputs_(schedule.num_layers()) {}

void NetworkPass::begin(std::span<const int> steps, std::span<const double> timesteps) {
  steps_.assign(steps.begin(), steps.end());
  std::vector<double> repeated;
  for (const int step : steps) repeated.insert(repeated.end(), batch_size_, timesteps[step]);
  context_ = denoiser_.begin_step(at::tensor(repeated, at::kFloat).to(denoiser_.device()),
                                  conditioning_.repeat(static_cast<std::int64_t>(steps.size())),
                                  height_, width_);
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
  }
  stopwatch_.stop();
}

void NetworkPass::run_layer(int layer, const std::vector<int>& steps, const at::Tensor& sample,
                            const Observer& observer) {
  std::vector<at::Tensor> inputs;
  for (const int input : denoiser_.layers()[layer].inputs) {
    inputs.push_back(input == kSample ? sample : gather(input, steps));
  }
  Output output{steps, denoiser_.run_layer(layer, inputs, context_of(steps))};
  for (const int step : steps) output.num_reads_left += schedule_.num_reads(step, layer);
  if (observer) observe(observer, layer, output);
  outputs_[layer].push_back(std::move(output));
}

void NetworkPass::observe(const Observer& observer, int layer, const Output& output) {
  stopwatch_.stop();
  for (std::size_t i = 0; i < output.steps.size(); ++i) {
    observer(output.steps[i], layer, slice(output.batch, i));
  }
  stopwatch_.start();
}

at::Tensor NetworkPass::slice(const at::Tensor& batch, std::size_t position) const {
  if (batch.size(0) == batch_size_) return batch;
  return batch.narrow(0, static_cast<std::int64_t>(position) * batch_size_, batch_size_);
}

NetworkPass::Output& NetworkPass::output_of(int layer, int source) {
  const auto holds = [source](const Output& output) {
    return std::find(output.steps.begin(), output.steps.end(), source) != output.steps.end();
  };
  return *std::find_if(outputs_[layer].begin(), outputs_[layer].end(), holds);
}

at::Tensor NetworkPass::gather(int layer, const std::vector<int>& steps) {
  std::vector<at::Tensor> pieces;
  std::vector<int> sources;
  for (const int step : steps) sources.push_back(schedule_.source(step, layer));
  const Output& first = output_of(layer, sources[0]);
  const bool whole = first.steps == sources;
  if (whole) pieces.push_back(first.batch);
  for (const int source : sources) {
    Output& output = output_of(layer, source);
    --output.num_reads_left;
    if (whole) continue;
    const auto position = std::find(output.steps.begin(), output.steps.end(), source);
    pieces.push_back(slice(output.batch, position - output.steps.begin()));
  }
  std::erase_if(outputs_[layer], [](const Output& output) { return output.num_reads_left == 0; });
  return pieces.size() == 1 ? pieces[0] : at::cat(pieces, 0);
}

at::Tensor NetworkPass::prediction(int step) { return gather(schedule_.num_layers() - 1, {step}); }

StepContext NetworkPass::context_of(const std::vector<int>& steps) const {
  if (steps == steps_) return context_;
  StepContext context = context_;
  std::vector<at::Tensor> embs;
  for (const int step : steps) {
    const auto position = std::find(steps_.begin(), steps_.end(), step) - steps_.begin();
    embs.push_back(slice(context_.emb, position));
  }
  context.emb = embs.size() == 1 ? embs[0] : at::cat(embs, 0);
  if (context.encoder_hidden_states.defined()) {  // the same for all steps
    context.encoder_hidden_states = context_.encoder_hidden_states.narrow(
        0, 0, static_cast<std::int64_t>(steps.size()) * batch_size_);
  }
  return context;
}

}  // namespace fdbench
