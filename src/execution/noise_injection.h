// Prior noise injection (paper, section 3.3): at late steps a little of the starting noise goes
// back into the latent, z_t <- z_t + alpha * z_T.
#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <string>
#include <vector>

#include "plan/variant.h"

namespace fdbench {

/// Where within a step the noise is added. Both change the latent that the sampler's update reads;
/// they differ in whether the network of the same step sees it.
enum class InjectionPlacement {
  /// The network sees it (the authors' sequential code).
  kBeforeUNet,
  /// After the network, before the sampler's update (the authors' parallel code).
  kBeforeStep,
};
InjectionPlacement parse_injection_placement(const std::string& name);
std::string injection_placement_name(InjectionPlacement placement);
/// What parse_injection_placement takes.
std::vector<std::string> injection_placement_names();

/// The paper's alpha.
inline constexpr double kPaperInjectionAlpha = 0.003;

/// Steps are counted downward as in the paper: T is the first one sampled, 1 the last.
struct NoiseInjection {
  /// Share of the starting noise; 0: off.
  double alpha = 0;
  /// Steps t < tau; 0: the variant's.
  int tau = 0;
  /// Empty: the variant's.
  std::optional<InjectionPlacement> placement = std::nullopt;

  bool enabled() const { return alpha != 0; }
};

/// The injection with what it leaves to the variant, for a run of this many steps; off where alpha
/// is 0. The paper: half of the steps (25 of 50), before the update. The authors' code: one step
/// more (timestep < 500: 26 of 50); in parallel execution before the update, step by step before
/// the network. Throws a usage error for an alpha that is negative or not finite and a tau outside
/// 1..num_steps + 1.
NoiseInjection resolved(NoiseInjection injection, int num_steps, Variant variant = Variant::kPaper,
                        bool is_parallel = true);

/// "0.003 before_step at steps below 25", "off". injection: resolved.
std::string describe(const NoiseInjection& injection);

/// Adds the noise of one run. A sampler that makes more calls than steps has them at its start, so
/// that steps below tau are the same ones counted from the end.
class NoiseInjector {
 public:
  /// injection: resolved. start: z_T, the latents [n, c, h, w] that the run starts from, which have
  /// the standard deviation init_noise_sigma: the authors copy the latents that their pipeline
  /// prepared. It is added to latents of the same scale, before scale_model_input. num_calls: of
  /// the sampler.
  NoiseInjector(const NoiseInjection& injection, at::Tensor start, int num_calls);

  /// The latents of step `step` (in sampling order) as its network sees them.
  at::Tensor before_unet(const at::Tensor& latents, int step) const;
  /// The latents as the sampler's update reads them. network_saw: before_unet gave them.
  at::Tensor before_step(const at::Tensor& latents, int step, bool network_saw) const;

 private:
  at::Tensor added(const at::Tensor& latents, int step) const;

  NoiseInjection injection_;
  at::Tensor start_;
  int num_calls_;
};

}  // namespace fdbench
