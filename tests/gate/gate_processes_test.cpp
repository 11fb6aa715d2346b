// The gate where rounds were measured by several processes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/made_up_measures.h"

namespace fdbench {
namespace {

using testing::HasSubstr;

/// Rounds in processes that differ by `of_processes`.
ResultMeasures in_processes(double speedup, double of_processes, int processes,
                            std::uint64_t seed) {
  ResultMeasures measures = result(speedup, 0.002, seed);
  std::mt19937_64 random(seed + 1000);
  std::normal_distribution<double> normal(0, of_processes);
  measures.runs[1].round_ratios.clear();
  measures.decoder_ratios.clear();
  for (int process = 0; process < processes; ++process) {
    const double shift = std::exp(normal(random));
    for (const double ratio : ratios(speedup * shift, 0.002, seed + process, 5)) {
      measures.runs[1].round_ratios.push_back(ratio);
      measures.decoder_ratios.push_back(ratio);
      measures.processes.push_back(process);
    }
  }
  return measures;
}

TEST(CheckGate, ProcessesThatDifferAreNoRegression) {
  const GateBaseline before = gate_baseline(in_processes(1.5, 0.15, 12, 1), Gates{});
  int by_process = 0, by_round = 0;
  for (std::uint64_t trial = 0; trial < 100; ++trial) {
    ResultMeasures now = in_processes(1.5, 0.15, 5, 100 + 20 * trial);
    by_process += check_gate(now, before).exit_code() == 1;
    now.processes.clear();
    by_round += check_gate(now, before).exit_code() == 1;
  }
  EXPECT_LE(by_process, 2);  // 1% of 100 are allowed
  EXPECT_GE(by_round, 6);    // what happens when rounds are taken for independent
}

TEST(CheckGate, ALossIsFoundAcrossProcesses) {
  const GateBaseline before = gate_baseline(in_processes(1.5, 0.007, 12, 1), Gates{});
  const GateResult gate = check_gate(in_processes(1.5 * 0.92, 0.007, 5, 50), before);
  EXPECT_EQ(finding(gate, "encoder", "unet_speedup").verdict, Verdict::kRegressed);
  EXPECT_TRUE(gate.notes.empty());
}

TEST(CheckGate, SaysWhenThereAreTooFewProcesses) {
  const GateBaseline before = gate_baseline(in_processes(1.5, 0.007, 12, 1), Gates{});
  const GateResult gate = check_gate(in_processes(1.5, 0.007, 2, 50), before);
  ASSERT_EQ(gate.notes.size(), 1u);
  EXPECT_THAT(gate.notes[0], HasSubstr("2 processes against 12"));
}

}  // namespace
}  // namespace fdbench
