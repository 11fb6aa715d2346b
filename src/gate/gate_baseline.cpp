#include "gate/gate_baseline.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "metrics/statistics.h"
#include "results/provenance.h"

namespace fdbench {
namespace {

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
  gated.control_f1 = run.record.control_f1;
  return gated;
}

}  // namespace

GateBaseline gate_baseline(const ResultMeasures& measures, const Gates& gates) {
  GateBaseline baseline;
  baseline.gates = gates;
  baseline.settings = shared_settings(measures);
  for (const std::string& name : provenance_names()) {
    if (measures.attributes.contains(name)) baseline.provenance[name] = measures.attribute(name);
  }
  baseline.provenance["written"] = utc_now();
  for (const RunMeasures& run : measures.runs) {
    baseline.runs[run.record.name] = gated_run(measures, run);
  }
  baseline.decoder_ratios = measures.decoder_ratios;
  baseline.processes = measures.processes;
  baseline.decoder_speedup = median(measures.decoder_ratios);
  const bool holds_figures =
      !baseline.decoder_ratios.empty() ||
      std::any_of(baseline.runs.begin(), baseline.runs.end(), [](const auto& entry) {
        return !entry.second.baseline || !entry.second.features.empty();
      });
  if (!holds_figures) {
    throw usage_error(Place{measures.path.string()},
                      "holds nothing that a baseline could keep: no run beside the plain one, no "
                      "features, no times of layers");
  }
  return baseline;
}

const std::vector<std::string>& provenance_names() {
  static const std::vector<std::string> names = {"name",
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
  return names;
}

}  // namespace fdbench
