#include "execution/noise_injection.h"

#include <cmath>
#include <utility>

#include "core/error.h"
#include "core/number_text.h"

namespace fdbench {
namespace {

constexpr const char* kBeforeUNetName = "before_unet";
constexpr const char* kBeforeStepName = "before_step";

}  // namespace

InjectionPlacement parse_injection_placement(const std::string& name) {
  if (name == kBeforeUNetName) return InjectionPlacement::kBeforeUNet;
  if (name == kBeforeStepName) return InjectionPlacement::kBeforeStep;
  throw usage_error("noise injection placement '" + name + "' is not known" +
                    advice(name, injection_placement_names()));
}

std::string injection_placement_name(InjectionPlacement placement) {
  return placement == InjectionPlacement::kBeforeUNet ? kBeforeUNetName : kBeforeStepName;
}

std::vector<std::string> injection_placement_names() { return {kBeforeUNetName, kBeforeStepName}; }

NoiseInjection resolved(NoiseInjection injection, int num_steps, Variant variant,
                        bool is_parallel) {
  if (!std::isfinite(injection.alpha) || injection.alpha < 0) {
    throw usage_error("noise injection: alpha " + number_text(injection.alpha) +
                      " must be a number from 0 (0.003 in the paper)");
  }
  if (injection.tau < 0 || injection.tau > num_steps + 1) {
    throw usage_error("noise injection: tau " + std::to_string(injection.tau) + " is outside 1.." +
                      std::to_string(num_steps + 1) + " of a run of " + std::to_string(num_steps) +
                      " steps");
  }
  if (!injection.enabled()) return {};
  const bool is_authors = variant == Variant::kAuthors;
  if (injection.tau == 0) injection.tau = num_steps / 2 + (is_authors ? 1 : 0);
  if (!injection.placement) {
    injection.placement = is_authors && !is_parallel ? InjectionPlacement::kBeforeUNet
                                                     : InjectionPlacement::kBeforeStep;
  }
  return injection;
}

std::string describe(const NoiseInjection& injection) {
  if (!injection.enabled()) return "off";
  return number_text(injection.alpha) + " " + injection_placement_name(*injection.placement) +
         " at steps below " + std::to_string(injection.tau);
}

NoiseInjector::NoiseInjector(const NoiseInjection& injection, at::Tensor start, int num_calls)
    : injection_(injection), start_(std::move(start)), num_calls_(num_calls) {}

at::Tensor NoiseInjector::added(const at::Tensor& latents, int step) const {
  if (!injection_.enabled() || num_calls_ - step >= injection_.tau) return latents;
  return latents + injection_.alpha * start_;
}

at::Tensor NoiseInjector::before_unet(const at::Tensor& latents, int step) const {
  return injection_.placement == InjectionPlacement::kBeforeUNet ? added(latents, step) : latents;
}

at::Tensor NoiseInjector::before_step(const at::Tensor& latents, int step, bool network_saw) const {
  const bool done = network_saw && injection_.placement == InjectionPlacement::kBeforeUNet;
  return done ? latents : added(latents, step);
}

}  // namespace fdbench
