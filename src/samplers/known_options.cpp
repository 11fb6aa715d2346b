#include "samplers/known_options.h"

namespace fdbench {

const std::vector<std::string>& scheduler_option_names() {
  static const std::vector<std::string> names = {
      // several schedulers
      "num_train_timesteps", "beta_start", "beta_end", "beta_schedule", "trained_betas",
      "rescale_betas_zero_snr", "timestep_spacing", "steps_offset", "prediction_type",
      "clip_sample", "clip_sample_range", "thresholding", "dynamic_thresholding_ratio",
      "sample_max_value", "set_alpha_to_one", "variance_type",
      // sigmas
      "use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas", "use_flow_sigmas",
      "use_lu_lambdas", "sigma_min", "sigma_max", "final_sigmas_type", "interpolation_type",
      "timestep_type",
      // solvers
      "algorithm_type", "solver_order", "solver_type", "lower_order_final", "euler_at_final",
      "lambda_min_clipped", "predict_x0", "disable_corrector", "solver_p", "predictor_order",
      "corrector_order", "tau_func", "noise_sampler_seed", "skip_prk_steps",
      // consistency models, EDM
      "original_inference_steps", "timestep_scaling", "sigma_data", "sigma_schedule", "rho",
      "s_noise", "clip_denoised", "snr_shift_scale",
      // flows
      "flow_shift", "shift", "shift_terminal", "use_dynamic_shifting", "time_shift_type",
      "base_shift", "max_shift", "base_image_seq_len", "max_image_seq_len", "invert_sigmas",
      "stochastic_sampling"};
  return names;
}

}  // namespace fdbench
