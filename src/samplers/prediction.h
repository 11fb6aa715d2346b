// What a network's answer says of picture and noise, whatever it was trained to predict.
#pragma once

#include <ATen/ATen.h>

#include <string>

namespace fdbench {

/// How the network's answer is read, under diffusers' names and defaults.
struct PredictionOptions {
  /// "epsilon", "sample", "v_prediction" or "flow_prediction".
  std::string prediction_type = "epsilon";
  /// Keeps the picture within +-clip_sample_range.
  bool clip_sample = false;
  double clip_sample_range = 1.0;
  /// Dynamic thresholding (Saharia et al. 2022) in place of clipping.
  bool thresholding = false;
  double dynamic_thresholding_ratio = 0.995;
  double sample_max_value = 1.0;
};

/// What a sample is made of: signal * picture + noise * unit noise.
struct SignalLevel {
  float signal = 1, noise = 0;
  /// As the schedule has it: noise / signal, or the share of noise in a flow.
  float sigma = 0;
};

/// The picture in the answer, not limited. model_output, sample: [n, c, h, w] -> the same shape.
at::Tensor original_sample_of(const std::string& prediction_type, const at::Tensor& model_output,
                              const at::Tensor& sample, const SignalLevel& level);

/// The noise in the answer. Has no formula for "flow_prediction" (as diffusers), a usage error.
at::Tensor epsilon_of(const std::string& prediction_type, const at::Tensor& model_output,
                      const at::Tensor& sample, const SignalLevel& level);

/// The picture thresholded or clipped as the options say.
at::Tensor limited(const at::Tensor& original_sample, const PredictionOptions& options);

}  // namespace fdbench
