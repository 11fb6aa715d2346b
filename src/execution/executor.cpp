#include "execution/executor.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "core/error.h"
#include "execution/guidance.h"
#include "execution/refresh_decider.h"

namespace fdbench {
namespace {

/// Along the batch; undefined where both are.
at::Tensor joined(const std::string& name, const at::Tensor& unconditional,
                  const at::Tensor& conditional) {
  if (!unconditional.defined() && !conditional.defined()) return {};
  if (!unconditional.defined() || !conditional.defined()) {
    throw usage_error("guidance needs " + name + " for both the prompt and the negative prompt");
  }
  if (unconditional.sizes() != conditional.sizes()) {
    throw usage_error("guidance needs " + name + " of the same shape for the prompt " +
                      c10::str(conditional.sizes()) + " and the negative prompt " +
                      c10::str(unconditional.sizes()));
  }
  return at::cat({unconditional, conditional}, 0);
}

void set_cached(Plan& plan, int step, const AdaptiveRefresh& rule) {
  for (int layer = 0; layer < plan.num_layers(); ++layer) plan.set(step, layer, rule.cached[layer]);
}

/// [unconditional; conditional], as diffusers orders them.
Conditioning joined(const Conditioning& unconditional, const Conditioning& conditional) {
  return {joined("encoder_hidden_states", unconditional.encoder_hidden_states,
                 conditional.encoder_hidden_states),
          joined("text_embeds", unconditional.text_embeds, conditional.text_embeds),
          joined("time_ids", unconditional.time_ids, conditional.time_ids),
          {}};
}

/// Runs a schedule group by group. A group is a step and the following ones that share a batch with
/// it.
class Denoising {
 public:
  Denoising(const Denoiser& denoiser, Sampler& sampler, const Schedule& schedule,
            const Conditioning& conditioning, at::Tensor latents, const NoiseSource& noise,
            const ExecutorOptions& options)
      : sampler_(sampler),
        layers_(denoiser.layers()),
        schedule_(schedule),
        noise_(noise),
        options_(options),
        guided_(has_guidance_halves(denoiser, options.guidance_scale)),
        latents_(std::move(latents)),
        injector_(options.noise_injection, latents_, schedule.num_steps()),
        network_(denoiser, schedule_, conditioning, latents_.size(0) * (guided_ ? 2 : 1),
                 latents_.size(2), latents_.size(3), options.savings, options.tome,
                 row_decision()) {}

  DenoiseResult run();

 private:
  RowDecision row_decision();
  void decide_row(int step, const at::Tensor& head_input, const at::Tensor& head_output);
  int group_end(int first) const;
  void run_network(int first, int end);
  void update(int step, bool leads);
  void check_finite(int step) const;

  Sampler& sampler_;
  std::span<const LayerInfo> layers_;
  Schedule schedule_;  // rows of an adaptive plan change as they are decided
  std::optional<RefreshDecider> decider_;
  const NoiseSource& noise_;
  const ExecutorOptions& options_;
  bool guided_;
  at::Tensor latents_;
  NoiseInjector injector_;
  NetworkPass network_;
  int num_calls_ = 0;
};

DenoiseResult Denoising::run() {
  for (int first = 0; first < schedule_.num_steps();) {
    const int end = group_end(first);
    if (!schedule_.dropped(first)) latents_ = injector_.before_unet(latents_, first);
    run_network(first, end);
    for (int step = first; step < end; ++step) {
      if (!schedule_.dropped(step)) update(step, step == first);
    }
    first = end;
  }
  return {latents_,
          num_calls_,
          schedule_.num_calls(),
          schedule_.num_layer_runs(),
          network_.seconds(),
          network_.peak_held_bytes()};
}

RowDecision Denoising::row_decision() {
  const Plan& plan = schedule_.plan();
  if (!plan.adaptive()) return {};
  decider_.emplace(*plan.adaptive());
  RowDecision decision{plan.adaptive()->head, {}, {}};
  Plan both(2, plan.num_layers());
  set_cached(both, 1, *plan.adaptive());
  const Schedule schedule(both, layers_);
  for (int layer = 0; layer < plan.num_layers(); ++layer) {
    decision.held.push_back(schedule.wanted_later(0, layer));
  }
  decision.decide = [this](int step, const at::Tensor& head_input, const at::Tensor& head_output) {
    decide_row(step, head_input, head_output);
  };
  return decision;
}

void Denoising::decide_row(int step, const at::Tensor& head_input, const at::Tensor& head_output) {
  if (decider_->refreshes(step, head_input, head_output)) return;
  Plan plan = schedule_.plan();
  set_cached(plan, step, *plan.adaptive());
  schedule_ = Schedule(plan, layers_);
}

int Denoising::group_end(int first) const {
  int end = first + 1;
  if (options_.execution == Execution::kSequential) return end;
  int num_running = schedule_.calls(first) ? 1 : 0;
  for (; end < schedule_.num_steps() && schedule_.independent(end); ++end) {
    if (!schedule_.calls(end)) continue;
    if (options_.max_parallel > 0 && num_running == options_.max_parallel) break;
    ++num_running;
  }
  return end;
}

void Denoising::run_network(int first, int end) {
  std::vector<int> running;
  for (int step = first; step < end; ++step) {
    if (schedule_.calls(step)) running.push_back(step);
  }
  if (running.empty()) return;
  at::Tensor sample;
  if (!schedule_.independent(first)) {
    sample = sampler_.scale_model_input(latents_, first);
    if (guided_ && !options_.savings.prefix_sharing) sample = at::cat({sample, sample}, 0);
  }
  network_.run(running, sampler_.timesteps(), sample, options_.observe_layer);
  ++num_calls_;
}

/// leads: the network of the step's group was shown this step's latents.
void Denoising::update(int step, bool leads) {
  const at::Tensor prediction =
      sampler_prediction(network_.prediction(step), guided_ ? options_.guidance_scale : 1.0,
                         latents_.size(1), sampler_.learns_variance(), options_.guidance_rescale);
  latents_ = injector_.before_step(latents_, step, leads);
  latents_ = sampler_.step(prediction, step, latents_, noise_);
  check_finite(step);
  if (options_.observe_step) options_.observe_step(step, latents_);
}

void Denoising::check_finite(int step) const {
  if (at::isfinite(latents_).all().item<bool>()) return;
  const int num_steps = schedule_.num_steps();
  const auto timestep = static_cast<std::int64_t>(sampler_.timesteps()[step]);
  throw runtime_error("the latent is not finite after step " + std::to_string(num_steps - step) +
                      " (number " + std::to_string(step + 1) + " of " + std::to_string(num_steps) +
                      ", timestep " + std::to_string(timestep) + ")");
}

void check_arguments(const Denoiser& denoiser, const Sampler& sampler, const Schedule& schedule,
                     const Conditioning& conditioning, const at::Tensor& latents) {
  if (sampler.timesteps().size() != static_cast<std::size_t>(schedule.num_steps())) {
    throw usage_error("the plan has " + std::to_string(schedule.num_steps()) +
                      " steps, the sampler " + std::to_string(sampler.timesteps().size()));
  }
  if (latents.dim() != 4 || latents.size(1) != denoiser.in_channels() || latents.numel() == 0) {
    throw usage_error("the latents have shape " + c10::str(latents.sizes()) +
                      "; this UNet needs [pictures, " + std::to_string(denoiser.in_channels()) +
                      ", height, width]");
  }
  if (schedule.plan().adaptive() && latents.size(0) != 1) {
    throw usage_error("the strategy first_block_cache decides for one picture at a time, not " +
                      std::to_string(latents.size(0)));
  }
  check_prediction(denoiser, sampler);
  const at::Tensor& states = conditioning.encoder_hidden_states;
  if (states.defined() && states.size(0) != latents.size(0)) {
    throw usage_error("there are " + std::to_string(latents.size(0)) + " latents for " +
                      std::to_string(states.size(0)) + " prompts");
  }
}

void check_merging(const SeededTokenMerging& tome, std::int64_t num_pictures) {
  check_token_merging(tome.options);
  const auto num_seeds = static_cast<std::int64_t>(tome.seeds.size());
  if (!tome.options.on() || !tome.options.use_rand || num_seeds == num_pictures) return;
  throw usage_error("token merging has " + std::to_string(num_seeds) + " seeds for " +
                    std::to_string(num_pictures) + " pictures");
}

}  // namespace

Execution parse_execution(const std::string& name) {
  if (name == "sequential") return Execution::kSequential;
  if (name == "parallel") return Execution::kParallel;
  throw usage_error("execution '" + name + "' is not known" +
                    advice(name, {"sequential", "parallel"}));
}

std::string execution_name(Execution execution) {
  return execution == Execution::kSequential ? "sequential" : "parallel";
}

DenoiseResult denoise(const Denoiser& denoiser, Sampler& sampler, const Schedule& schedule,
                      const Conditioning& conditional, const Conditioning& unconditional,
                      at::Tensor latents, const NoiseSource& noise,
                      const ExecutorOptions& options) {
  check_arguments(denoiser, sampler, schedule, conditional, latents);
  if (options.max_parallel < 0) {
    throw usage_error("max_parallel must not be negative: " + std::to_string(options.max_parallel));
  }
  check_merging(options.tome, latents.size(0));
  const Conditioning conditioning =
      has_guidance_halves(denoiser, options.guidance_scale)
          ? joined(unconditional, conditional)
          : with_guidance(denoiser, conditional, options.guidance_scale);
  sampler.reset();
  return Denoising(denoiser, sampler, schedule, conditioning, std::move(latents), noise, options)
      .run();
}

}  // namespace fdbench
