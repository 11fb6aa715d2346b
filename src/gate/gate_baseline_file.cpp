#include "gate/gate_baseline_file.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/notes.h"
#include "core/number_text.h"
#include "gate/gate_finding.h"
#include "gate/json_reader.h"
#include "io/atomic_file.h"
#include "io/json_text.h"
#include "io/text_file.h"
#include "metrics/statistics.h"

namespace fdbench {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "fdbench-baseline";
constexpr int kVersion = 1;
constexpr double kMostProcesses = 1e6;
/// Relative
constexpr double kMedianRounding = 1e-6;
constexpr const char* kRemedy =
    "`fdbench check RESULT.h5 --baseline FILE --update` writes a baseline";

/// What a tolerance is: a share that may be lost (all of it would allow anything), a share by which
/// a figure may grow, or decibels.
enum class Tolerance { kLoss, kGrowth, kDecibel };

/// Whether a figure is measured round by round, or is the same in each.
enum class Sampling { kByRound, kNone };

struct NamedGate {
  const char* name;
  Gate Gates::*gate;
  Sampling sampling;
  Tolerance tolerance;
};
constexpr NamedGate kGates[] = {
    {"speed", &Gates::speed, Sampling::kByRound, Tolerance::kLoss},
    {"decoder", &Gates::decoder, Sampling::kByRound, Tolerance::kLoss},
    {"multiply_adds", &Gates::multiply_adds, Sampling::kNone, Tolerance::kLoss},
    {"psnr", &Gates::psnr, Sampling::kNone, Tolerance::kDecibel},
    {"latent_mse", &Gates::latent_mse, Sampling::kNone, Tolerance::kGrowth},
    {"clip_score", &Gates::clip_score, Sampling::kNone, Tolerance::kLoss},
    {"fid", &Gates::fid, Sampling::kNone, Tolerance::kGrowth},
    {"objects_right", &Gates::objects_right, Sampling::kNone, Tolerance::kLoss},
    {"control_f1", &Gates::control_f1, Sampling::kNone, Tolerance::kLoss},
    {"features", &Gates::features, Sampling::kNone, Tolerance::kGrowth}};

/// A figure of a run beside its speed, and what it may be.
struct NamedFigure {
  const char* name;
  double GatedRun::*figure;
  double low, high;
  bool may_be_infinite = false;
};
constexpr double kAny = std::numeric_limits<double>::max();
constexpr double kPositive = std::numeric_limits<double>::min();
constexpr NamedFigure kFigures[] = {
    {"multiply_adds_speedup", &GatedRun::multiply_adds_speedup, kPositive, kAny},
    {"psnr_to_full", &GatedRun::psnr_to_full, 0, kAny, true},
    {"latent_mse_to_full", &GatedRun::latent_mse_to_full, 0, kAny},
    {"clip_score", &GatedRun::clip_score, -kAny, kAny},
    {"fid", &GatedRun::fid, -kAny, kAny},
    {"objects_right", &GatedRun::objects_right, 0, 1},
    {"control_f1", &GatedRun::control_f1, 0, 1}};

/// JSON has no infinity: a run whose pictures are all identical has "inf".
Json number_json(double value) {
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

void read_tolerance(const JsonValue& value, const NamedGate& named, Gate& gate) {
  gate.tolerance = value.number();
  const bool is_share = named.tolerance != Tolerance::kDecibel;
  const bool too_much =
      named.tolerance == Tolerance::kLoss ? gate.tolerance >= 1 : is_share && gate.tolerance > 1;
  if (gate.tolerance >= 0 && !too_much) return;
  value.fail(named.tolerance == Tolerance::kLoss
                 ? "must be a share of at least 0 and below 1 (5% is 0.05)"
             : is_share ? "must be a share from 0 to 1 (5% is 0.05)"
                        : "must not be negative [dB]");
}

Gates read_gates(const JsonValue& json, const Place& place) {
  std::vector<std::string> names;
  for (const NamedGate& named : kGates) names.emplace_back(named.name);
  json.check_keys(names);
  Gates gates;
  for (const NamedGate& named : kGates) {
    Gate& gate = gates.*named.gate;
    if (!json.has(named.name)) {
      say_note(place, "has no 'gates." + std::string(named.name) + "': its tolerance is " +
                          number_text(gate.tolerance) + ", as in a new baseline");
      continue;
    }
    const JsonValue value = json.at(named.name);
    value.check_keys(named.sampling == Sampling::kByRound
                         ? std::vector<std::string>{"tolerance", "confidence"}
                         : std::vector<std::string>{"tolerance"});
    read_tolerance(value.at("tolerance"), named, gate);
    if (named.sampling == Sampling::kNone) continue;
    gate.confidence = value.at("confidence").number();
    if (gate.confidence > 0.5 && gate.confidence < 1) continue;
    value.at("confidence").fail("must lie between 0.5 and 1");
  }
  return gates;
}

/// Ratios of the rounds, and their median beside them.
std::vector<double> read_samples(const JsonValue& owner, const char* samples_key,
                                 const char* median_key) {
  const JsonValue samples = owner.at(samples_key);
  std::vector<double> values;
  for (const JsonValue& item : samples.items()) {
    values.push_back(item.number());
    if (!(values.back() > 0)) item.fail("must be above 0");
  }
  if (values.size() < kFewestRounds) {
    samples.fail("has " + std::to_string(values.size()) + " samples; a gate wants at least " +
                 std::to_string(kFewestRounds));
  }
  const JsonValue middle = owner.at(median_key);
  const double wanted = median(values), given = middle.number();
  if (std::abs(given - wanted) > kMedianRounding * wanted) {
    middle.fail("is not the median of '" + samples.path() + "', which is " +
                std::to_string(wanted));
  }
  return values;
}

std::map<std::string, double> read_features(const JsonValue& json) {
  std::map<std::string, double> features;
  for (const auto& [name, value] : json.members()) {
    const std::size_t slash = name.find('/');
    const std::vector<std::string> statistics = {"mse", "frobenius", "mean", "std"};
    const std::string statistic = name.substr(0, slash);
    if (slash == std::string::npos ||
        std::find(statistics.begin(), statistics.end(), statistic) == statistics.end()) {
      value.fail("is no STATISTIC/BLOCK" + advice(statistic, statistics));
    }
    features[name] = value.number();
  }
  return features;
}

GatedRun read_run(const JsonValue& json) {
  std::vector<std::string> keys = {"identity", "baseline", "unet_speedup", "round_ratios",
                                   "features"};
  for (const NamedFigure& named : kFigures) keys.emplace_back(named.name);
  json.check_keys(keys);
  GatedRun run;
  const JsonValue identity = json.at("identity");
  // An object, not empty.
  identity.members();
  // Keys in order, as a result has them.
  run.identity = nlohmann::json(identity.json()).dump();
  if (json.has("baseline")) run.baseline = json.at("baseline").truth();
  if (run.baseline) json.check_keys({"identity", "baseline", "features"});
  if (!run.baseline) {
    run.round_ratios = read_samples(json, "round_ratios", "unet_speedup");
    run.unet_speedup = median(run.round_ratios);
  }
  for (const NamedFigure& named : kFigures) {
    if (!json.has(named.name)) continue;
    const JsonValue value = json.at(named.name);
    const double figure = named.may_be_infinite ? value.number_or_infinity() : value.number();
    const bool is_infinite = named.may_be_infinite && std::isinf(figure);
    if (!is_infinite && !(figure >= named.low && figure <= named.high)) {
      value.fail(named.high == 1          ? "must be a share from 0 to 1"
                 : named.low == kPositive ? "must be above 0"
                                          : "must not be negative");
    }
    run.*named.figure = figure;
  }
  if (json.has("features")) run.features = read_features(json.at("features"));
  return run;
}

std::map<std::string, std::string> read_texts(const JsonValue& json) {
  std::map<std::string, std::string> values;
  for (const auto& [name, value] : json.members()) values[name] = value.text();
  return values;
}

/// The process of each round; all samples must be of as many rounds.
std::vector<int> read_processes(const JsonValue& json, const GateBaseline& baseline) {
  std::vector<int> processes;
  for (const JsonValue& item : json.items()) {
    const double number = item.number();
    if (!(number >= 0 && number < kMostProcesses) || number != std::floor(number)) {
      item.fail("must be the number of a process");
    }
    processes.push_back(static_cast<int>(number));
  }
  const auto check = [&](const std::vector<double>& samples, const std::string& name) {
    if (samples.empty() || samples.size() == processes.size()) return;
    json.fail("has " + std::to_string(processes.size()) + " entries for " +
              std::to_string(samples.size()) + " rounds in '" + name + "'");
  };
  check(baseline.decoder_ratios, "decoder_ratios");
  for (const auto& [name, run] : baseline.runs) {
    check(run.round_ratios, "runs." + name + ".round_ratios");
  }
  return processes;
}

void add_number(Json& json, const char* key, double value) {
  if (!std::isnan(value)) json[key] = number_json(value);
}

Json run_json(const GatedRun& run) {
  Json json;
  json["identity"] = Json::parse(run.identity);
  if (run.baseline) json["baseline"] = true;
  add_number(json, "unet_speedup", run.unet_speedup);
  for (const NamedFigure& named : kFigures) add_number(json, named.name, run.*named.figure);
  if (!run.round_ratios.empty()) json["round_ratios"] = run.round_ratios;
  for (const auto& [block, value] : run.features)
    add_number(json["features"], block.c_str(), value);
  return json;
}

void check_format(const JsonValue& root) {
  const Json& json = root.json();
  if (!json.is_object() || json.value("format", Json()) != kFormat) {
    root.fail("is not a baseline of fdbench (no format '" + std::string(kFormat) + "')");
  }
  if (root.at("version").json() != kVersion) {
    root.at("version").fail("is of another version than " + std::to_string(kVersion));
  }
  root.check_keys({"format", "version", "gates", "provenance", "settings", "decoder_speedup",
                   "decoder_ratios", "processes", "runs"});
}

}  // namespace

GateBaseline baseline_of_text(const std::string& text, const std::string& file) {
  const Place place{file};
  const std::string remedy = kRemedy;
  const Json json = parse_ordered_json(text, file);
  const JsonValue root(json, place, remedy);
  check_format(root);
  GateBaseline baseline;
  baseline.gates = read_gates(root.at("gates"), place);
  baseline.settings = read_texts(root.at("settings"));
  std::vector<std::string> known = provenance_names();
  known.emplace_back("written");
  root.at("provenance").check_keys(known);
  baseline.provenance = read_texts(root.at("provenance"));
  for (const auto& [name, run] : root.at("runs").members()) baseline.runs[name] = read_run(run);
  if (root.has("decoder_ratios") || root.has("decoder_speedup")) {
    baseline.decoder_ratios = read_samples(root, "decoder_ratios", "decoder_speedup");
    baseline.decoder_speedup = median(baseline.decoder_ratios);
  }
  if (root.has("processes")) baseline.processes = read_processes(root.at("processes"), baseline);
  return baseline;
}

GateBaseline read_baseline(const std::filesystem::path& path) {
  GateBaseline baseline = baseline_of_text(read_text(path, "baseline"), path.string());
  baseline.path = path;
  return baseline;
}

void write_baseline(const std::filesystem::path& path, const GateBaseline& baseline) {
  Json json = {{"format", kFormat}, {"version", kVersion}};
  for (const NamedGate& named : kGates) {
    const Gate& gate = baseline.gates.*named.gate;
    json["gates"][named.name]["tolerance"] = gate.tolerance;
    if (named.sampling == Sampling::kByRound)
      json["gates"][named.name]["confidence"] = gate.confidence;
  }
  json["provenance"] = baseline.provenance;
  json["settings"] = baseline.settings;
  add_number(json, "decoder_speedup", baseline.decoder_speedup);
  if (!baseline.decoder_ratios.empty()) json["decoder_ratios"] = baseline.decoder_ratios;
  if (!baseline.processes.empty()) json["processes"] = baseline.processes;
  json["runs"] = Json::object();
  for (const auto& [name, run] : baseline.runs) json["runs"][name] = run_json(run);
  AtomicFile file(path);
  const std::string text =
      json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  file.write(text.data(), text.size());
  file.commit();
}

}  // namespace fdbench
