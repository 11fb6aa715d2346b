#include "samplers/prediction.h"

#include "core/error.h"

namespace fdbench {
namespace {

Error unknown(const std::string& prediction_type) {
  return usage_error("prediction_type '" + prediction_type + "' is not supported here");
}

}  // namespace

at::Tensor original_sample_of(const std::string& prediction_type, const at::Tensor& model_output,
                              const at::Tensor& sample, const SignalLevel& level) {
  if (prediction_type == "epsilon") return (sample - level.noise * model_output) / level.signal;
  if (prediction_type == "sample") return model_output;
  if (prediction_type == "v_prediction") {
    return level.signal * sample - level.noise * model_output;
  }
  if (prediction_type == "flow_prediction") return sample - level.sigma * model_output;
  throw unknown(prediction_type);
}

at::Tensor epsilon_of(const std::string& prediction_type, const at::Tensor& model_output,
                      const at::Tensor& sample, const SignalLevel& level) {
  if (prediction_type == "epsilon") return model_output;
  if (prediction_type == "sample") return (sample - level.signal * model_output) / level.noise;
  if (prediction_type == "v_prediction") {
    return level.signal * model_output + level.noise * sample;
  }
  throw unknown(prediction_type);
}

at::Tensor limited(const at::Tensor& original_sample, const PredictionOptions& options) {
  if (options.thresholding) {
    const at::Tensor flat = original_sample.to(at::kFloat).flatten(1);
    const at::Tensor bound = at::quantile(flat.abs(), options.dynamic_thresholding_ratio, 1)
                                 .clamp(1, options.sample_max_value)
                                 .unsqueeze(1);
    return (at::clamp(flat, -bound, bound) / bound).view_as(original_sample).to(original_sample);
  }
  if (!options.clip_sample) return original_sample;
  return original_sample.clamp(-options.clip_sample_range, options.clip_sample_range);
}

}  // namespace fdbench
