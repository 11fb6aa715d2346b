// How long each layer of a denoiser takes, and the whole call with nothing looking on.
#pragma once

#include <functional>
#include <vector>

#include "models/denoiser.h"
#include "profiling/operator_profile.h"

namespace fdbench {

/// What one call of a denoiser takes.
struct DenoiserInputs {
  /// [B, C, H, W]
  at::Tensor sample;
  /// [B]
  at::Tensor timesteps;
  Conditioning conditioning;
};

/// Times of one instrumented call.
struct CallTimes {
  TimeSpan call;
  /// Time embedding and added conditions.
  TimeSpan begin_step;
  /// As Denoiser::layers().
  std::vector<TimeSpan> layers;
  /// Empty on CUDA, where calls only queue work.
  std::vector<OperatorSpan> operators;
};

struct ProfileOptions {
  /// Calls of each kind, plain and instrumented, in turn; 1 or more.
  int repeats = 5;
  /// Plain calls before them, not timed.
  int warmup = 1;
};

/// Times of several calls.
struct CallProfile {
  /// Of whole calls without any instrumentation.
  std::vector<double> plain_seconds;
  std::vector<CallTimes> instrumented;
  /// Growth of memory above inputs and weights, with what the first call sets up (oneDNN's kernels,
  /// say).
  std::int64_t peak_bytes = 0;
};

/// One whole call with a clock before and after each layer and each operator. On CUDA the device is
/// waited for at each layer, so layers cannot overlap as they do in a plain call.
CallTimes timed_call(const Denoiser& denoiser, const DenoiserInputs& inputs);

/// Warm-up, then plain and instrumented calls in turn. The window of peak_bytes are the warm-up and
/// the first plain call. on_call, if given, is told the number of calls done after each.
CallProfile profile_calls(const Denoiser& denoiser, const DenoiserInputs& inputs,
                          const ProfileOptions& options,
                          const std::function<void(int)>& on_call = {});

}  // namespace fdbench
