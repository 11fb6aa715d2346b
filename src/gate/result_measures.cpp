#include "gate/result_measures.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "io/json_text.h"
#include "results/hdf5.h"
#include "results/result_reader.h"

namespace fdbench {
namespace {

constexpr const char* kStatistics[] = {"mse", "frobenius", "mean", "std"};
constexpr const char* kSurroundings[] = {
    "host",     "cpu",         "device",           "num_threads", "kernel",
    "compiler", "build_flags", "libtorch_version", "environment"};

std::vector<double> doubles(const at::Tensor& values) {
  const at::Tensor flat = values.to(at::kDouble).contiguous();
  const double* begin = flat.const_data_ptr<double>();
  return {begin, begin + flat.numel()};
}

/// Throws a runtime error for a row in which a value is none that could have been measured.
template <typename IsMeasured>
void check_row(const std::vector<double>& values, const char* dataset, const char* entry,
               const RunRecord& record, const Place& place, const IsMeasured& is_measured) {
  const auto found = std::find_if_not(values.begin(), values.end(), is_measured);
  if (found == values.end()) return;
  throw runtime_error(place, std::string(dataset) + " of run '" + record.name +
                                 "' is not a number " + "that was measured (" +
                                 std::to_string(*found) + ") at " + entry + " " +
                                 std::to_string(found - values.begin()) +
                                 ": such a run cannot be compared; run it again");
}

/// Throws a runtime error for a run whose times or distances are not numbers: an older or edited
/// file. Distances that nobody measured are not a fault.
void check_measured(const RunMeasures& run, bool synthetic, const Place& place) {
  const RunRecord& record = run.record;
  const auto is_time = [](double value) { return std::isfinite(value) && value > 0; };
  check_row(run.unet_s, "/timing/unet_s", "round", record, place, is_time);
  check_row(run.gated_s, "/timing/denoise_cpu_s", "round", record, place, is_time);
  const auto is_nan = [](double value) { return std::isnan(value); };
  const bool compared = !record.compared_with.empty() && !synthetic;
  const auto was_measured = [&](const std::vector<double>& values) {
    return compared || !std::all_of(values.begin(), values.end(), is_nan);
  };
  if (was_measured(run.psnr_db)) {
    check_row(run.psnr_db, "/pictures/psnr_to_full", "picture", record, place, [](double value) {
      return !std::isnan(value) && value > -std::numeric_limits<double>::infinity();
    });
  }
  if (was_measured(run.latent_mse)) {
    check_row(run.latent_mse, "/pictures/latent_mse_to_full", "picture", record, place,
              [](double value) { return std::isfinite(value); });
  }
}

/// Row `run` of a dataset; empty where the file has none.
std::vector<double> row(const Hdf5File& file, const std::string& dataset, std::int64_t run) {
  if (!file.has(dataset)) return {};
  const at::Tensor values = file.read(dataset);
  if (values.dim() < 2 || run >= values.size(0)) return {};
  return doubles(values[run]);
}

std::vector<std::string> texts(const Hdf5File& file, const std::string& table,
                               const std::string& column) {
  std::vector<std::string> found;
  if (!file.has(table)) return found;
  const RecordTable rows = file.read_table(table);
  for (std::size_t c = 0; c < rows.columns.size(); ++c) {
    if (rows.columns[c].name != column) continue;
    for (const auto& row_of_table : rows.rows) {
      const auto* text = std::get_if<std::string>(&row_of_table[c]);
      found.push_back(text ? *text : "");
    }
  }
  return found;
}

/// What determines the run by the settings of its file, with the sampler by the name it really had.
std::string run_identity(const Settings& settings, const RunRecord& record) {
  const auto found = settings.find(setting_name(Setting::kRun, record.name));
  nlohmann::json run = nlohmann::json::object();
  if (found != settings.end() && !nested_too_deeply(found->second)) {
    run = nlohmann::json::parse(found->second, nullptr, false);
  }
  if (!run.is_object()) run = nlohmann::json::object();
  run.erase("baseline");
  run["sampler"] = record.sampler;
  run["steps"] = record.num_steps;
  run["strategy"] = record.strategy;
  if (record.auto_execution) {  // what it took, not that it was free to
    run["execution"] = record.execution;
    run["max_parallel"] = record.max_parallel;
  }
  for (const auto& [key, value] : of_scope(settings, Scope::kLatents)) run[key] = value;
  return run.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void read_features(const Hdf5File& file, const std::vector<std::string>& blocks,
                   std::vector<RunMeasures>& runs) {
  for (const char* statistic : kStatistics) {
    const std::string dataset = std::string("/features/") + statistic;
    if (!file.has(dataset)) continue;
    // [R, P, S, B]
    const at::Tensor values = file.read(dataset);
    if (values.dim() != 4 || values.size(0) != static_cast<std::int64_t>(runs.size())) continue;
    const at::Tensor means = values.to(at::kDouble).nanmean(at::IntArrayRef{1, 2});
    for (std::size_t r = 0; r < runs.size(); ++r) {
      const std::vector<double> of_blocks = doubles(means[static_cast<std::int64_t>(r)]);
      for (std::size_t b = 0; b < std::min(blocks.size(), of_blocks.size()); ++b) {
        runs[r].features[std::string(statistic) + "/" + blocks[b]] = of_blocks[b];
      }
    }
  }
}

void compare_rounds(ResultMeasures& measures) {
  for (RunMeasures& run : measures.runs) {
    const RunMeasures* baseline = measures.find_run(run.record.compared_with);
    if (run.record.baseline || baseline == nullptr) continue;
    const std::size_t rounds = std::min(run.gated_s.size(), baseline->gated_s.size());
    for (std::size_t i = 0; i < rounds; ++i) {
      run.round_ratios.push_back(baseline->gated_s[i] / run.gated_s[i]);
    }
  }
}

std::vector<double> ratios_of_halves(const Hdf5File& file) {
  const std::vector<std::string> roles = texts(file, "/layers", "role");
  if (!file.has("/timing/layer_s") || roles.empty()) return {};
  // [L, N]
  const at::Tensor seconds = file.read("/timing/layer_s");
  if (seconds.dim() != 2 || seconds.size(0) != static_cast<std::int64_t>(roles.size())) return {};
  at::Tensor decoder = at::zeros({seconds.size(1)}, at::kDouble), rest = decoder.clone();
  for (std::size_t i = 0; i < roles.size(); ++i) {
    (roles[i] == "decoder" ? decoder : rest) += seconds[static_cast<std::int64_t>(i)];
  }
  return doubles(rest / decoder);
}

}  // namespace

std::string ResultMeasures::attribute(const std::string& name) const {
  const auto found = attributes.find(name);
  return found == attributes.end() ? "" : found->second;
}

const RunMeasures* ResultMeasures::find_run(const std::string& name) const {
  const auto found = std::find_if(runs.begin(), runs.end(),
                                  [&](const RunMeasures& run) { return run.record.name == name; });
  return found == runs.end() ? nullptr : &*found;
}

ResultMeasures read_measures(const std::filesystem::path& path) {
  ResultSummary summary = read_summary(path);
  ResultMeasures measures;
  measures.path = path;
  measures.attributes = std::move(summary.attributes);
  measures.settings = settings_from_json(measures.attribute("settings"));
  if (measures.settings.empty()) {
    throw runtime_error(Place{path.string()},
                        "has no 'settings', so it does not say what its runs are");
  }
  const Hdf5File file = Hdf5File::open(path);
  const bool one_thread =
      measures.attribute("num_threads") == "1" && measures.attribute("device") == "cpu";
  for (const RunRecord& record : summary.runs) {
    const auto index = static_cast<std::int64_t>(measures.runs.size());
    RunMeasures run;
    run.record = record;
    run.identity = run_identity(measures.settings, record);
    run.unet_s = row(file, "/timing/unet_s", index);
    run.gated_s = one_thread ? row(file, "/timing/denoise_cpu_s", index) : run.unet_s;
    if (run.gated_s.empty()) run.gated_s = run.unet_s;
    run.psnr_db = row(file, "/pictures/psnr_to_full", index);
    run.latent_mse = row(file, "/pictures/latent_mse_to_full", index);
    check_measured(run, measures.attribute("synthetic") == "1", Place{path.string()});
    measures.runs.push_back(std::move(run));
  }
  compare_rounds(measures);
  read_features(file, texts(file, "/blocks", "name"), measures.runs);
  measures.decoder_ratios = ratios_of_halves(file);
  if (file.has("/timing/process")) {
    for (const double number : doubles(file.read("/timing/process"))) {
      measures.processes.push_back(static_cast<int>(number));
    }
  }
  return measures;
}

Settings shared_settings(const ResultMeasures& measures) {
  return of_scope(measures.settings, Scope::kCompared);
}

std::vector<std::string> differing_surroundings(const std::map<std::string, std::string>& before,
                                                const std::map<std::string, std::string>& now) {
  const auto value = [](const auto& attributes, const char* name) {
    const auto found = attributes.find(name);
    return found == attributes.end() ? std::string("unknown") : found->second;
  };
  std::vector<std::string> differences;
  for (const char* name : kSurroundings) {
    const std::string old = value(before, name), other = value(now, name);
    if (old != other)
      differences.push_back(std::string(name) + " (" + old + ", now " + other + ")");
  }
  return differences;
}

}  // namespace fdbench
