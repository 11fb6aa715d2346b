#include "samplers/lcm.h"

#include <cmath>
#include <utility>

#include "core/error.h"

namespace fdbench {
namespace {

constexpr double kSigmaData = 0.5;

}  // namespace

LcmOptions read_lcm_options(const SamplerConfig& config) {
  OptionReader reader(config, "lcm");
  LcmOptions read;
  read.noise = read_noise_schedule(reader, read.noise);
  read.prediction =
      read_prediction(reader, {"epsilon", "v_prediction", "sample"}, Clipping::kOffByDefault);
  read.original_inference_steps =
      reader.positive("original_inference_steps", read.original_inference_steps);
  read.timestep_scaling = reader.number_within("timestep_scaling", read.timestep_scaling, 0, 1e6);
  for (const char* unused : {"timestep_spacing", "steps_offset", "set_alpha_to_one"}) {
    reader.any(unused);
  }
  if (read.original_inference_steps > read.noise.num_train_timesteps) {
    throw reader.error("original_inference_steps",
                       std::to_string(read.original_inference_steps) + " is more than the " +
                           std::to_string(read.noise.num_train_timesteps) + " num_train_timesteps");
  }
  reader.finish();
  return read;
}

LcmSampler::LcmSampler(LcmOptions options, int num_steps)
    : options_(std::move(options)), alphas_cumprod_(make_alphas_cumprod(options_.noise)) {
  check_step_count(num_steps, options_.noise.num_train_timesteps);
  const std::int64_t original = options_.original_inference_steps;
  if (num_steps > original) {
    throw usage_error("sampler lcm: steps " + std::to_string(num_steps) + " is outside 1.." +
                      std::to_string(original) + ", its original_inference_steps");
  }
  const std::int64_t ratio = options_.noise.num_train_timesteps / original;
  const double difference = static_cast<double>(original) / num_steps;
  std::vector<std::int64_t> timesteps;
  for (int i = 0; i < num_steps; ++i) {
    const auto skipped = static_cast<std::int64_t>(std::floor(i * difference));
    timesteps.push_back((original - skipped) * ratio - 1);
  }
  check_signal(name(), timesteps, alphas_cumprod_, options_.prediction);
  timesteps_.assign(timesteps.begin(), timesteps.end());
}

// Formula (9) of the paper: the network's picture and the sample, as its boundary condition weighs
// them.
at::Tensor LcmSampler::original_sample(const at::Tensor& model_output, int step,
                                       const at::Tensor& sample) const {
  const at::Tensor current = sample.to(at::kFloat);
  const double scaled = timesteps_[step] * options_.timestep_scaling;
  const double norm = scaled * scaled + kSigmaData * kSigmaData;
  const double skip = kSigmaData * kSigmaData / norm, out = scaled / std::sqrt(norm);

  const float alpha_prod = alphas_cumprod_[static_cast<std::int64_t>(timesteps_[step])];
  const at::Tensor predicted =
      limited(original_sample_of(options_.prediction.prediction_type, model_output.to(at::kFloat),
                                 current, signal_level(alpha_prod)),
              options_.prediction);
  return out * predicted + skip * current;
}

at::Tensor LcmSampler::step(const at::Tensor& model_output, int step, const at::Tensor& sample,
                            const NoiseSource& noise) {
  at::Tensor next = original_sample(model_output, step, sample);
  if (step + 1 < static_cast<int>(timesteps_.size())) {
    const SignalLevel level =
        signal_level(alphas_cumprod_[static_cast<std::int64_t>(timesteps_[step + 1])]);
    next = level.signal * next + level.noise * noise().to(next);
  }
  return next.to(sample.scalar_type());
}

}  // namespace fdbench
