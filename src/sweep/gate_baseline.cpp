#include "sweep/gate_baseline.h"

#include <cmath>

#include "core/error.h"
#include "io/atomic_file.h"
#include "io/json_text.h"
#include "results/provenance.h"
#include "sweep/config_tree.h"
#include "sweep/statistics.h"

namespace fdbench {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "fdbench-baseline";
constexpr int kVersion = 1;
constexpr std::size_t kFewestRounds = 5;
constexpr const char* kProvenance[] = {"name",
                                       "created",
                                       "git_revision",
                                       "git_dirty",
                                       "fdbench_version",
                                       "host",
                                       "cpu",
                                       "device",
                                       "num_threads",
                                       "kernel",
                                       "compiler",
                                       "build_flags",
                                       "libtorch_version",
                                       "environment",
                                       "config_hash",
                                       "model",
                                       "weights_hash",
                                       "dtype"};

struct NamedGate {
  const char* name;
  Gate Gates::*gate;
  bool sampled;
};
constexpr NamedGate kGates[] = {{"speed", &Gates::speed, true},
                                {"decoder", &Gates::decoder, true},
                                {"multiply_adds", &Gates::multiply_adds, false},
                                {"psnr", &Gates::psnr, false},
                                {"latent_mse", &Gates::latent_mse, false},
                                {"clip_score", &Gates::clip_score, false},
                                {"fid", &Gates::fid, false},
                                {"objects_right", &Gates::objects_right, false},
                                {"features", &Gates::features, false}};

/// JSON has no infinity: a run whose pictures are all identical has "inf".
Json number_json(double value) {
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

/// Reads typed values of one file; a fault names the file and the key.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& path) : place_{path.string()} {}

  [[noreturn]] void fail(const std::string& message) const {
    throw usage_error(place_, message +
                                  "; `fdbench check RESULT.h5 --baseline FILE --update` "
                                  "writes a baseline");
  }
  const Json& at(const Json& object, const std::string& key) const {
    const auto found = object.find(key);
    if (found == object.end()) fail("the key '" + key + "' is missing");
    return *found;
  }
  double number(const Json& value, const std::string& key) const {
    if (value.is_string() && value == "inf") return std::numeric_limits<double>::infinity();
    if (!value.is_number()) fail("'" + key + "' wants a number");
    return value.get<double>();
  }
  /// NaN where the key is missing.
  double optional_number(const Json& object, const std::string& key) const {
    return object.contains(key) ? number(object[key], key) : kNotMeasured;
  }
  std::vector<double> numbers(const Json& object, const std::string& key) const {
    std::vector<double> values;
    if (!object.contains(key)) return values;
    if (!object[key].is_array()) fail("'" + key + "' wants a list of numbers");
    for (const Json& value : object[key]) values.push_back(number(value, key));
    return values;
  }
  std::map<std::string, std::string> texts(const Json& object, const std::string& key) const {
    std::map<std::string, std::string> values;
    const Json& map = at(object, key);
    if (!map.is_object()) fail("'" + key + "' wants an object");
    for (const auto& [name, value] : map.items()) {
      if (!value.is_string()) fail("'" + key + "." + name + "' wants text");
      values[name] = value.get<std::string>();
    }
    return values;
  }

 private:
  Place place_;
};

Gates read_gates(const Reader& reader, const Json& json) {
  if (!json.is_object()) reader.fail("'gates' wants an object");
  Gates gates;
  for (const auto& [name, value] : json.items()) {
    const auto known =
        std::find_if(std::begin(kGates), std::end(kGates),
                     [&, key = name](const NamedGate& gate) { return key == gate.name; });
    if (known == std::end(kGates)) reader.fail("'gates." + name + "' is not known");
    if (!value.is_object()) reader.fail("'gates." + name + "' wants an object");
    Gate& gate = gates.*known->gate;
    gate.tolerance = reader.number(reader.at(value, "tolerance"), "tolerance");
    if (!(gate.tolerance >= 0)) reader.fail("'gates." + name + ".tolerance' must not be negative");
    if (!known->sampled) continue;
    gate.confidence = reader.number(reader.at(value, "confidence"), "confidence");
    if (!(gate.confidence > 0.5 && gate.confidence < 1)) {
      reader.fail("'gates." + name + ".confidence' must lie between 0.5 and 1");
    }
  }
  return gates;
}

GatedRun read_run(const Reader& reader, const Json& json) {
  GatedRun run;
  if (!json.is_object()) reader.fail("each of 'runs' wants an object");
  const Json& identity = reader.at(json, "identity");
  run.identity = identity.dump();
  run.baseline = json.value("baseline", Json(false)) == true;
  run.unet_speedup = reader.optional_number(json, "unet_speedup");
  run.round_ratios = reader.numbers(json, "round_ratios");
  run.multiply_adds_speedup = reader.optional_number(json, "multiply_adds_speedup");
  run.psnr_to_full = reader.optional_number(json, "psnr_to_full");
  run.latent_mse_to_full = reader.optional_number(json, "latent_mse_to_full");
  run.clip_score = reader.optional_number(json, "clip_score");
  run.fid = reader.optional_number(json, "fid");
  run.objects_right = reader.optional_number(json, "objects_right");
  if (!json.contains("features")) return run;
  if (!json["features"].is_object()) reader.fail("'features' wants an object");
  for (const auto& [block, value] : json["features"].items()) {
    run.features[block] = reader.number(value, "features." + block);
  }
  return run;
}

void add_number(Json& json, const char* key, double value) {
  if (!std::isnan(value)) json[key] = number_json(value);
}

Json run_json(const GatedRun& run) {
  Json json;
  json["identity"] = Json::parse(run.identity);
  if (run.baseline) json["baseline"] = true;
  add_number(json, "unet_speedup", run.unet_speedup);
  add_number(json, "multiply_adds_speedup", run.multiply_adds_speedup);
  add_number(json, "psnr_to_full", run.psnr_to_full);
  add_number(json, "latent_mse_to_full", run.latent_mse_to_full);
  add_number(json, "clip_score", run.clip_score);
  add_number(json, "fid", run.fid);
  add_number(json, "objects_right", run.objects_right);
  if (!run.round_ratios.empty()) json["round_ratios"] = run.round_ratios;
  for (const auto& [block, value] : run.features)
    add_number(json["features"], block.c_str(), value);
  return json;
}

GatedRun gated_run(const ResultMeasures& measures, const RunMeasures& run) {
  const Place place{measures.path.string()};
  GatedRun gated;
  gated.identity = run.identity;
  gated.baseline = run.record.baseline;
  gated.features = run.features;
  std::erase_if(gated.features, [](const auto& entry) { return std::isnan(entry.second); });
  if (gated.baseline) return gated;
  for (const double ratio : run.round_ratios) {
    if (!std::isfinite(ratio)) {
      throw usage_error(place, "the run '" + run.record.name + "' has a round without a speedup");
    }
  }
  if (run.round_ratios.size() < kFewestRounds) {
    throw usage_error(
        place, "the run '" + run.record.name + "' has " + std::to_string(run.round_ratios.size()) +
                   " timing rounds with a plain run beside it; a gate wants at least " +
                   std::to_string(kFewestRounds));
  }
  gated.round_ratios = run.round_ratios;
  gated.unet_speedup = median(run.round_ratios);
  gated.multiply_adds_speedup = run.record.multiply_adds_ratio;
  gated.psnr_to_full = run.record.psnr_to_full;
  gated.latent_mse_to_full = run.record.latent_mse_to_full;
  gated.clip_score = run.record.clip_score;
  gated.fid = run.record.fid;
  gated.objects_right = run.record.objects_right;
  return gated;
}

}  // namespace

GateBaseline gate_baseline(const ResultMeasures& measures, const Gates& gates) {
  GateBaseline baseline;
  baseline.gates = gates;
  baseline.settings = shared_settings(measures);
  for (const char* name : kProvenance) {
    if (measures.attributes.contains(name)) baseline.provenance[name] = measures.attribute(name);
  }
  baseline.provenance["written"] = utc_now();
  for (const RunMeasures& run : measures.runs) {
    baseline.runs[run.record.name] = gated_run(measures, run);
  }
  baseline.decoder_ratios = measures.decoder_ratios;
  baseline.processes = measures.processes;
  baseline.decoder_speedup = median(measures.decoder_ratios);
  return baseline;
}

GateBaseline read_baseline(const std::filesystem::path& path) {
  const Reader reader(path);
  const std::string text = read_text(path);
  if (nested_too_deeply(text)) reader.fail("is nested too deeply");
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) reader.fail("is no JSON");
  if (!json.is_object() || json.value("format", Json()) != kFormat) {
    reader.fail("is no baseline of fdbench (no format '" + std::string(kFormat) + "')");
  }
  if (reader.number(reader.at(json, "version"), "version") != kVersion) {
    reader.fail("is of another version than " + std::to_string(kVersion));
  }
  GateBaseline baseline;
  baseline.gates = read_gates(reader, reader.at(json, "gates"));
  baseline.settings = reader.texts(json, "settings");
  baseline.provenance = reader.texts(json, "provenance");
  const Json& runs = reader.at(json, "runs");
  if (!runs.is_object()) reader.fail("'runs' wants an object");
  for (const auto& [name, run] : runs.items()) baseline.runs[name] = read_run(reader, run);
  baseline.decoder_speedup = reader.optional_number(json, "decoder_speedup");
  baseline.decoder_ratios = reader.numbers(json, "decoder_ratios");
  for (const double number : reader.numbers(json, "processes")) {
    if (!(number >= 0 && number < 1e6)) reader.fail("'processes' wants numbers of processes");
    baseline.processes.push_back(static_cast<int>(number));
  }
  return baseline;
}

void write_baseline(const std::filesystem::path& path, const GateBaseline& baseline) {
  Json json = {{"format", kFormat}, {"version", kVersion}};
  for (const NamedGate& named : kGates) {
    const Gate& gate = baseline.gates.*named.gate;
    json["gates"][named.name]["tolerance"] = gate.tolerance;
    if (named.sampled) json["gates"][named.name]["confidence"] = gate.confidence;
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
