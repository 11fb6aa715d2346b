#include "profiling/profile_summary.h"

#include <algorithm>
#include <map>

namespace fdbench {
namespace {

using nlohmann::ordered_json;

/// A row in the making: its time in each instrumented call.
struct Samples {
  ProfileRow row;
  std::vector<double> seconds;

  void add(const Samples& other) {
    for (std::size_t i = 0; i < seconds.size(); ++i) seconds[i] += other.seconds[i];
    row.parameters += other.row.parameters;
    row.multiply_adds = row.multiply_adds.value_or(0) + other.row.multiply_adds.value_or(0);
  }
};

/// Adds `samples` to the row of that name; rows keep the order in which they appear.
void add_to(std::vector<Samples>& rows, const std::string& name, const Samples& samples) {
  const auto found = std::find_if(rows.begin(), rows.end(),
                                  [&](const Samples& row) { return row.row.name == name; });
  if (found != rows.end()) return found->add(samples);
  rows.push_back(samples);
  rows.back().row.name = name;
}

/// Medians, and shares of their sum.
std::vector<ProfileRow> finish(std::vector<Samples> rows) {
  std::vector<ProfileRow> finished;
  double all = 0;
  for (Samples& samples : rows) {
    samples.row.seconds = time_range(samples.seconds).median;
    all += samples.row.seconds;
    finished.push_back(samples.row);
  }
  for (ProfileRow& row : finished) row.share = all > 0 ? row.seconds / all : 0;
  return finished;
}

Samples step_samples(const Denoiser& denoiser, const CallProfile& profile) {
  Samples samples;
  samples.row.name = "time_embedding";
  samples.row.parameters = denoiser.info().step_parameters;
  for (const CallTimes& call : profile.instrumented) {
    samples.seconds.push_back(call.begin_step.seconds());
  }
  return samples;
}

std::vector<Samples> layer_samples(const Denoiser& denoiser, const CallProfile& profile,
                                   const SampleShape& shape) {
  const std::vector<std::int64_t> counts = multiply_adds(denoiser, shape);
  std::vector<Samples> rows;
  for (std::size_t i = 0; i < denoiser.layers().size(); ++i) {
    Samples samples;
    samples.row.name = denoiser.layers()[i].name;
    samples.row.parameters = denoiser.info().layer_parameters[i];
    samples.row.multiply_adds = counts[i];
    for (const CallTimes& call : profile.instrumented) {
      samples.seconds.push_back(call.layers[i].seconds());
    }
    rows.push_back(std::move(samples));
  }
  return rows;
}

/// Medians over the calls: a call that lacks an operator spent no time in it. The last row is what
/// is left of each call.
std::vector<OperatorRow> operator_rows(const CallProfile& profile) {
  struct Gathered {
    std::vector<double> seconds;
    std::int64_t calls = 0;
  };
  std::map<std::string, Gathered> by_name;
  std::vector<double> outside;
  for (std::size_t i = 0; i < profile.instrumented.size(); ++i) {
    const CallTimes& call = profile.instrumented[i];
    if (call.operators.empty()) return {};
    outside.push_back(call.call.seconds());
    for (const OperatorTotal& total : operator_totals(call.operators)) {
      Gathered& gathered = by_name[total.name];
      gathered.seconds.resize(profile.instrumented.size());
      gathered.seconds[i] = total.seconds;
      gathered.calls = std::max(gathered.calls, total.calls);
      outside.back() -= total.seconds;
    }
  }
  std::vector<OperatorRow> rows;
  for (const auto& [name, gathered] : by_name) {
    rows.push_back({name, time_range(gathered.seconds).median, 0, gathered.calls});
  }
  std::stable_sort(rows.begin(), rows.end(), [](const OperatorRow& a, const OperatorRow& b) {
    return a.seconds > b.seconds;
  });
  rows.push_back({"(outside operators)", time_range(outside).median, 0, 1});
  double all = 0;
  for (const OperatorRow& row : rows) all += row.seconds;
  for (OperatorRow& row : rows) row.share = all > 0 ? row.seconds / all : 0;
  return rows;
}

ordered_json row_json(const ProfileRow& row) {
  ordered_json json = {{"name", row.name}, {"seconds", row.seconds}, {"share", row.share}};
  json["multiply_adds"] = row.multiply_adds ? ordered_json(*row.multiply_adds) : nullptr;
  json["gmac_per_s"] = row.multiply_adds ? ordered_json(row.gmac_per_s()) : nullptr;
  json["parameters"] = row.parameters;
  return json;
}

ordered_json rows_json(const std::vector<ProfileRow>& rows) {
  ordered_json list = ordered_json::array();
  for (const ProfileRow& row : rows) list.push_back(row_json(row));
  return list;
}

ordered_json range_json(const TimeRange& range) {
  return {{"median", range.median}, {"min", range.min}, {"max", range.max}};
}

double billions_per_second(std::int64_t count, double seconds) {
  return seconds > 0 ? 1e-9 * static_cast<double>(count) / seconds : 0;
}

}  // namespace

TimeRange time_range(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
  return {median, values.front(), values.back()};
}

double ProfileRow::gmac_per_s() const {
  return billions_per_second(multiply_adds.value_or(0), seconds);
}

double ProfileSummary::gmac_per_s() const {
  return billions_per_second(multiply_adds, unet.median);
}

ProfileSummary summarize(const Denoiser& denoiser, const CallProfile& profile,
                         const SampleShape& shape) {
  ProfileSummary summary;
  summary.unet = time_range(profile.plain_seconds);
  std::vector<double> instrumented;
  for (const CallTimes& call : profile.instrumented) instrumented.push_back(call.call.seconds());
  summary.instrumented = time_range(std::move(instrumented));

  const Samples step = step_samples(denoiser, profile);
  const std::vector<Samples> layers = layer_samples(denoiser, profile, shape);
  std::vector<Samples> blocks = {step}, parts;
  summary.parameters = step.row.parameters;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const LayerInfo& info = denoiser.layers()[i];
    add_to(blocks, info.block, layers[i]);
    add_to(parts, info.part, layers[i]);
    summary.parameters += layers[i].row.parameters;
    summary.multiply_adds += *layers[i].row.multiply_adds;
  }
  parts.push_back(step);
  summary.layers = finish(layers);
  summary.blocks = finish(std::move(blocks));
  summary.parts = finish(std::move(parts));
  summary.operators = operator_rows(profile);
  summary.peak_bytes = profile.peak_bytes;
  summary.weights_bytes =
      summary.parameters * static_cast<std::int64_t>(at::elementSize(denoiser.info().dtype));
  return summary;
}

ordered_json summary_json(const ProfileSummary& summary) {
  ordered_json json = {{"unet_s", range_json(summary.unet)}};
  json["instrumentation"] = {{"unet_s", range_json(summary.instrumented)},
                             {"overhead_s", summary.instrumented.median - summary.unet.median}};
  json["multiply_adds"] = summary.multiply_adds;
  json["gmac_per_s"] = summary.gmac_per_s();
  json["parameters"] = summary.parameters;
  json["weights_bytes"] = summary.weights_bytes;
  json["peak_memory_bytes"] = summary.peak_bytes;
  json["parts"] = rows_json(summary.parts);
  json["blocks"] = rows_json(summary.blocks);
  json["layers"] = rows_json(summary.layers);
  json["operators"] = ordered_json::array();
  for (const OperatorRow& row : summary.operators) {
    json["operators"].push_back(
        {{"name", row.name}, {"seconds", row.seconds}, {"share", row.share}, {"calls", row.calls}});
  }
  return json;
}

}  // namespace fdbench
