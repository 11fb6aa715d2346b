// What is told of a profile: medians of layers, blocks, parts and operators.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "profiling/layer_profile.h"

namespace fdbench {

/// Median, smallest and largest of several times [s].
struct TimeRange {
  double median = 0, min = 0, max = 0;
};

/// values: one or more.
TimeRange time_range(std::vector<double> values);

/// A layer, block or part.
struct ProfileRow {
  std::string name;
  /// Median over the instrumented calls.
  double seconds = 0;
  /// Of the sum over the list that the row is in.
  double share = 0;
  std::int64_t parameters = 0;
  /// The time embedding's are not counted.
  std::optional<std::int64_t> multiply_adds;

  /// 1e9 multiply-adds in a second; 0 where there is no time or no count.
  double gmac_per_s() const;
};

/// All calls of one operator within a call of the denoiser.
struct OperatorRow {
  std::string name;
  /// Self time, median over the instrumented calls.
  double seconds = 0;
  /// Of the sum over all rows.
  double share = 0;
  std::int64_t calls = 0;
};

struct ProfileSummary {
  /// Plain calls.
  TimeRange unet;
  /// Calls with times of layers and operators.
  TimeRange instrumented;
  std::vector<ProfileRow> blocks, layers;
  /// Encoder, bottleneck and decoder (the paper's Table 10), and "time_embedding".
  std::vector<ProfileRow> parts;
  /// The longest first, then "(outside operators)": the rest of the call; empty on CUDA.
  std::vector<OperatorRow> operators;
  std::int64_t parameters = 0, multiply_adds = 0;
  std::int64_t peak_bytes = 0, weights_bytes = 0;

  /// Of plain calls.
  double gmac_per_s() const;
};

/// profile: one or more calls of each kind. shape: of the inputs, for multiply-adds.
ProfileSummary summarize(const Denoiser& denoiser, const CallProfile& profile,
                         const SampleShape& shape);

/// The fields that depend on the measurement: unet_s, instrumentation, blocks, layers, operators,
/// parts, multiply_adds, gmac_per_s, parameters, peak_memory_bytes, weights_bytes.
nlohmann::ordered_json summary_json(const ProfileSummary& summary);

}  // namespace fdbench
