// Measures of a plain run and one of encoder propagation, without a result file.
#pragma once

#include <cmath>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "gate/gate_check.h"

namespace fdbench {

inline std::vector<double> ratios(double center, double noise, std::uint64_t seed,
                                  int rounds = 12) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0, noise);
  std::vector<double> values;
  for (int i = 0; i < rounds; ++i) values.push_back(center * std::exp(normal(random)));
  return values;
}

inline RunMeasures plain_run() {
  RunMeasures run;
  run.record.name = "full";
  run.record.baseline = true;
  run.identity = R"({"strategy":"full"})";
  run.features = {{"mse/up", 2.0}, {"mse/down", 0.5}};
  return run;
}

/// speedup: of the run "encoder".
inline ResultMeasures result(double speedup, double noise, std::uint64_t seed) {
  ResultMeasures measures;
  measures.path = "result.h5";
  measures.settings = {{"seed", "0"}, {"threads", "1"}};
  measures.attributes = {{"cpu", "a processor"}};
  RunMeasures run = plain_run();
  run.record.name = "encoder";
  run.record.baseline = false;
  run.record.multiply_adds_ratio = 1.4;
  run.record.psnr_to_full = 30;
  run.record.latent_mse_to_full = 0.5;
  run.identity = R"({"strategy":"encoder"})";
  run.round_ratios = ratios(speedup, noise, seed);
  measures.runs = {plain_run(), run};
  measures.decoder_ratios = ratios(0.65, noise, seed + 100);
  return measures;
}

inline GateBaseline baseline() { return gate_baseline(result(1.5, 0.005, 1), Gates{}); }

inline const Finding& finding(const GateResult& gate, const std::string& run,
                              const std::string& figure) {
  for (const Finding& candidate : gate.findings) {
    if (candidate.run == run && candidate.figure == figure) return candidate;
  }
  throw std::runtime_error("no finding " + run + " " + figure);
}

}  // namespace fdbench
