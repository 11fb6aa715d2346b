#include "samplers/known_options.h"

#include <span>
#include <string_view>

namespace fdbench {
namespace {

struct KnownOption {
  std::string_view name;
  /// "" where no sampler here reads it.
  std::string_view help = "";
};

constexpr KnownOption kKnownOptions[] = {
    // Several schedulers.
    {"num_train_timesteps", "timesteps of the training"},
    {"beta_start", "beta of the first training timestep"},
    {"beta_end", "beta of the last training timestep"},
    {"beta_schedule", "how beta grows over the training timesteps"},
    {"trained_betas", "all betas, in place of beta_start, beta_end and beta_schedule"},
    {"rescale_betas_zero_snr", "betas rescaled so that nothing of the picture is left at the end"},
    {"timestep_spacing", "which training timesteps the steps are"},
    {"steps_offset", "added to each timestep of the spacing leading"},
    {"prediction_type", "what the network predicts"},
    {"clip_sample", "the predicted picture is clipped"},
    {"clip_sample_range", "the predicted picture is clipped to plus and minus this"},
    {"thresholding", "dynamic thresholding of the predicted picture (Imagen)"},
    {"dynamic_thresholding_ratio", "quantile of the absolute values that is the threshold"},
    {"sample_max_value", "largest threshold"},
    {"set_alpha_to_one", "nothing of the noise is left after the last step"},
    {"variance_type", "variance of the noise that a step adds"},
    // Sigmas.
    {"use_karras_sigmas", "sigmas spread as Karras et al. 2022 do"},
    {"use_exponential_sigmas", "sigmas spread evenly in their logarithm"},
    {"use_beta_sigmas", "sigmas spread by a beta distribution"},
    {"use_flow_sigmas", "sample = (1 - sigma) * picture + sigma * noise"},
    {"use_lu_lambdas", "log sigmas spread evenly as Lu et al. 2022 do"},
    {"sigma_min", "smallest sigma of a spread; null: the training's"},
    {"sigma_max", "largest sigma of a spread; null: the training's"},
    {"final_sigmas_type", "sigma after the last step"},
    {"interpolation_type", "how sigmas between training timesteps are found"},
    {"timestep_type", "whether the network is told timesteps or functions of sigma"},
    // Solvers.
    {"algorithm_type", "which equation is solved, and for the picture (++) or the noise"},
    {"solver_order", "order of the solver"},
    {"solver_type", "which solver of the second order"},
    {"lower_order_final", "lower order in the last steps"},
    {"euler_at_final", "Euler's method in the last step"},
    {"lambda_min_clipped", "noisier timesteps (half log signal-to-noise ratio below it) are cut"},
    {"predict_x0", "solves for the picture, not for the noise"},
    {"disable_corrector", "steps whose corrector is left out"},
    {"solver_p"},
    {"predictor_order"},
    {"corrector_order"},
    {"tau_func"},
    {"noise_sampler_seed"},
    {"skip_prk_steps", "no Runge-Kutta steps at the start"},
    // Consistency models, EDM.
    {"original_inference_steps", "steps of the distillation's teacher"},
    {"timestep_scaling", "factor of timesteps in the boundary condition"},
    {"sigma_data"},
    {"sigma_schedule"},
    {"rho"},
    {"s_noise", "factor of the noise that is added"},
    {"clip_denoised"},
    {"snr_shift_scale"},
    // Flows.
    {"flow_shift", "shift of the flow's sigmas"},
    {"shift"},
    {"shift_terminal", "sigmas are stretched so that the last one is 1 minus this"},
    {"use_dynamic_shifting"},
    {"time_shift_type"},
    {"base_shift"},
    {"max_shift"},
    {"base_image_seq_len"},
    {"max_image_seq_len"},
    {"invert_sigmas"},
    {"stochastic_sampling"},
};

/// Of the step, not of a scheduler's file.
constexpr KnownOption kStepOptions[] = {
    {"eta", "share of DDPM's fresh noise: 0 none (deterministic), 1 all"},
    {"s_churn", "noise that is added before a step (Karras et al. 2022)"},
    {"s_tmin", "lowest sigma at which noise is added"},
    {"s_tmax", "highest sigma at which noise is added; null: no limit"},
};

}  // namespace

std::vector<std::string> scheduler_option_names() {
  std::vector<std::string> names;
  for (const KnownOption& option : kKnownOptions) names.emplace_back(option.name);
  return names;
}

std::string scheduler_option_help(const std::string& name) {
  for (const std::span<const KnownOption> options :
       {std::span<const KnownOption>(kKnownOptions), std::span<const KnownOption>(kStepOptions)}) {
    for (const KnownOption& option : options) {
      if (option.name == name) return std::string(option.help);
    }
  }
  return "";
}

}  // namespace fdbench
