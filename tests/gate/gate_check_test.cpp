#include "gate/gate_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "core/error.h"
#include "gate/gate_baseline_file.h"
#include "gate/gate_report.h"
#include "gate/made_up_measures.h"
#include "io/temporary_folder.h"

namespace fdbench {
namespace {

using testing::HasSubstr;

TEST(CheckGate, TheSameIsFine) {
  const GateResult gate = check_gate(result(1.5, 0.005, 2), baseline());
  EXPECT_EQ(gate.exit_code(), 0) << format_gate(gate, {"r", "b"}, "table");
  EXPECT_EQ(gate.findings.size(), 7u);  // decoder; speed and 4 of encoder; features of full
}

TEST(CheckGate, ALossBeyondTheToleranceIsRegressed) {
  const GateResult gate = check_gate(result(1.5 * 0.9, 0.005, 3), baseline());
  EXPECT_EQ(gate.exit_code(), 1);
  const Finding& speed = finding(gate, "encoder", "unet_speedup");
  EXPECT_EQ(speed.verdict, Verdict::kRegressed);
  EXPECT_NEAR(speed.change, 0.9, 0.01);
  EXPECT_LT(speed.high, 1);
  EXPECT_LT(speed.probability, 0.001);
}

TEST(CheckGate, ALossThatIsCertainButSmallIsFine) {
  const GateResult gate = check_gate(result(1.5 * 0.985, 0.002, 4), baseline());
  const Finding& speed = finding(gate, "encoder", "unet_speedup");
  EXPECT_LT(speed.high, 1);
  EXPECT_EQ(speed.verdict, Verdict::kFine);
}

TEST(CheckGate, WhatCannotBeToldExitsWith4) {
  const GateResult gate = check_gate(result(1.5, 0.2, 5), baseline());
  EXPECT_EQ(gate.exit_code(), 4);
  EXPECT_THAT(finding(gate, "encoder", "unet_speedup").reason, HasSubstr("too noisy"));
  EXPECT_EQ(reason_code(finding(gate, "encoder", "unet_speedup").code),
            "interval_crosses_tolerance");
}

TEST(CheckGate, ScoresOfJudgesHaveTheirWindows) {
  ResultMeasures before = result(1.5, 0.005, 1);
  before.runs[1].record.clip_score = 0.8;
  before.runs[1].record.fid = 20;
  before.runs[1].record.objects_right = 0.9;
  before.runs[1].record.control_f1 = 0.95;
  const GateBaseline committed = gate_baseline(before, Gates{});
  EXPECT_EQ(check_gate(before, committed).exit_code(), 0);
  const auto verdict = [&](const char* figure, double RunRecord::*field, double value) {
    ResultMeasures now = before;
    now.runs[1].record.*field = value;
    return finding(check_gate(now, committed), "encoder", figure).verdict;
  };
  EXPECT_EQ(verdict("clip_score", &RunRecord::clip_score, 0.793), Verdict::kFine);
  EXPECT_EQ(verdict("clip_score", &RunRecord::clip_score, 0.79), Verdict::kRegressed);
  EXPECT_EQ(verdict("fid", &RunRecord::fid, 20.9), Verdict::kFine);
  EXPECT_EQ(verdict("fid", &RunRecord::fid, 21.1), Verdict::kRegressed);
  EXPECT_EQ(verdict("fid", &RunRecord::fid, 15), Verdict::kImproved);
  EXPECT_EQ(verdict("objects_right", &RunRecord::objects_right, 0.88), Verdict::kRegressed);
  EXPECT_EQ(verdict("control_f1", &RunRecord::control_f1, 0.94), Verdict::kFine);
  EXPECT_EQ(verdict("control_f1", &RunRecord::control_f1, 0.9), Verdict::kRegressed);
  EXPECT_EQ(verdict("fid", &RunRecord::fid, kNotMeasured), Verdict::kRegressed);
}

TEST(CheckGate, ImprovementsAreFine) {
  const GateResult gate = check_gate(result(1.8, 0.005, 6), baseline());
  EXPECT_EQ(gate.exit_code(), 0);
  EXPECT_EQ(finding(gate, "encoder", "unet_speedup").verdict, Verdict::kImproved);
}

TEST(CheckGate, FasterWithPicturesOutsideTheWindowFails) {
  ResultMeasures now = result(1.8, 0.005, 6);
  now.runs[1].record.psnr_to_full = 29.4;
  const GateResult gate = check_gate(now, baseline());
  EXPECT_EQ(gate.exit_code(), 1);
  EXPECT_EQ(finding(gate, "encoder", "psnr_to_full").verdict, Verdict::kRegressed);
  EXPECT_THAT(finding(gate, "encoder", "unet_speedup").reason, HasSubstr("no speedup"));
}

TEST(CheckGate, FixedFiguresHaveTheirWindows) {
  ResultMeasures now = result(1.5, 0.005, 2);
  now.runs[1].record.psnr_to_full = 29.6;
  now.runs[1].record.latent_mse_to_full = 0.54;
  now.runs[1].features["mse/down"] = 0.515;  // 0.75% of the largest block's 2
  EXPECT_EQ(check_gate(now, baseline()).exit_code(), 0);
  now.runs[1].record.latent_mse_to_full = 0.56;
  EXPECT_EQ(check_gate(now, baseline()).exit_code(), 1);
  now = result(1.5, 0.005, 2);
  now.runs[0].features["mse/down"] = 0.53;
  EXPECT_THAT(finding(check_gate(now, baseline()), "full", "features").reason,
              HasSubstr("mse/down"));
  now = result(1.5, 0.005, 2);
  now.runs[1].record.multiply_adds_ratio = 1.39;
  EXPECT_EQ(check_gate(now, baseline()).exit_code(), 1);
}

TEST(CheckGate, WhatIsGoneOrNoNumberIsRegressed) {
  ResultMeasures now = result(1.5, 0.005, 2);
  now.runs.pop_back();
  EXPECT_THAT(finding(check_gate(now, baseline()), "encoder", "run").reason,
              HasSubstr("not in the result"));
  now = result(1.5, 0.005, 2);
  now.runs[1].round_ratios[3] = NAN;
  EXPECT_EQ(finding(check_gate(now, baseline()), "encoder", "unet_speedup").verdict,
            Verdict::kRegressed);
  now = result(1.5, 0.005, 2);
  now.runs[1].record.psnr_to_full = NAN;
  EXPECT_THAT(finding(check_gate(now, baseline()), "encoder", "psnr_to_full").reason,
              HasSubstr("is not a number any more"));
  now = result(1.5, 0.005, 2);
  now.runs[1].identity = R"({"strategy":"drop"})";
  EXPECT_THAT(finding(check_gate(now, baseline()), "encoder", "run").reason,
              HasSubstr("another one"));
}

TEST(CheckGate, ANewRunIsNamed) {
  ResultMeasures now = result(1.5, 0.005, 2);
  now.runs.push_back(now.runs[1]);
  now.runs[2].record.name = "new";
  const GateResult gate = check_gate(now, baseline());
  EXPECT_EQ(gate.exit_code(), 0);
  EXPECT_EQ(finding(gate, "new", "run").verdict, Verdict::kUnchecked);
  EXPECT_EQ(reason_code(finding(gate, "new", "run").code), "not_in_baseline");
}

TEST(CheckGate, EveryVerdictHasItsReason) {
  const auto code = [](const ResultMeasures& now, const char* run, const char* figure) {
    return reason_code(finding(check_gate(now, baseline()), run, figure).code);
  };
  ResultMeasures now = result(1.5, 0.005, 2);
  EXPECT_EQ(code(now, "encoder", "unet_speedup"), "within_tolerance");
  EXPECT_EQ(code(result(1.8, 0.005, 6), "encoder", "unet_speedup"), "better");
  EXPECT_EQ(code(result(1.3, 0.005, 3), "encoder", "unet_speedup"), "beyond_tolerance");
  now.runs[1].record.psnr_to_full = 29;
  EXPECT_EQ(code(now, "encoder", "psnr_to_full"), "beyond_tolerance");
  now.runs[1].record.psnr_to_full = NAN;
  EXPECT_EQ(code(now, "encoder", "psnr_to_full"), "not_measured");
  now.runs[1].record.fid = 3;
  EXPECT_EQ(code(now, "encoder", "fid"), "not_in_baseline");
  now.runs[1].record.baseline = true;
  EXPECT_EQ(code(now, "encoder", "run"), "other_run");
  now.runs.pop_back();
  EXPECT_EQ(code(now, "encoder", "run"), "missing_run");
  now = result(1.8, 0.005, 6);
  now.runs[1].record.psnr_to_full = 29.4;
  EXPECT_EQ(code(now, "encoder", "unet_speedup"), "pictures_left_window");
  now = result(1.3, 0.005, 3);
  now.attributes["cpu"] = "another";
  EXPECT_EQ(code(now, "encoder", "unet_speedup"), "other_processor");
  now = result(1.5, 0.2, 5);
  now.processes = {0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1};
  EXPECT_EQ(code(now, "encoder", "unet_speedup"), "too_few_processes");
}

TEST(CheckGate, ACheckThatComparedNothingIsRefused) {
  ResultMeasures now = result(1.5, 0.005, 2);
  now.decoder_ratios.clear();
  for (RunMeasures& run : now.runs) run.record.name += "_renamed";
  GateBaseline before = baseline();
  before.decoder_ratios.clear();
  try {
    check_gate(now, before);
    FAIL() << "no fault";
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), 2);
    EXPECT_THAT(error.what(), HasSubstr("nothing was checked: its runs are full_renamed, encoder"));
  }
}

TEST(CheckGate, OtherSettingsCannotBeCompared) {
  ResultMeasures now = result(1.5, 0.005, 2);
  now.settings["threads"] = "2";
  try {
    check_gate(now, baseline());
    FAIL() << "no fault";
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), 2);
    EXPECT_THAT(error.what(), HasSubstr("threads (was 1, now 2)"));
  }
}

TEST(CheckGate, AnotherProcessorProvesNoLoss) {
  ResultMeasures now = result(1.5 * 0.9, 0.005, 3);
  now.attributes["cpu"] = "another";
  const GateResult gate = check_gate(now, baseline());
  EXPECT_EQ(gate.exit_code(), 4);
  EXPECT_THAT(gate.notes.at(0), HasSubstr("cpu (a processor, now another)"));
}

TEST(CheckGate, ASlowerDecoderIsFoundByItsOwnFigure) {
  ResultMeasures now = result(1.5, 0.005, 2);
  for (double& ratio : now.decoder_ratios) ratio /= 1.05;
  const GateResult gate = check_gate(now, baseline());
  EXPECT_EQ(gate.exit_code(), 1);
  EXPECT_THAT(finding(gate, "", "decoder_speedup").reason, HasSubstr("decoder"));
}

TEST(GateBaseline, SurvivesItsFile) {
  const TemporaryFolder folder;
  GateBaseline written = baseline();
  written.gates.speed = {0.02, 0.9};
  written.runs["encoder"].psnr_to_full = INFINITY;
  written.runs["encoder"].fid = 20;
  written.processes = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2};
  write_baseline(folder.path() / "b.json", written);
  const GateBaseline read = read_baseline(folder.path() / "b.json");
  EXPECT_EQ(read.gates.speed.tolerance, 0.02);
  EXPECT_EQ(read.gates.speed.confidence, 0.9);
  EXPECT_EQ(read.runs.at("encoder").psnr_to_full, INFINITY);
  EXPECT_EQ(read.runs.at("encoder").round_ratios, written.runs.at("encoder").round_ratios);
  EXPECT_EQ(read.runs.at("encoder").identity, written.runs.at("encoder").identity);
  EXPECT_EQ(read.runs.at("full").features, written.runs.at("full").features);
  EXPECT_EQ(read.decoder_ratios, written.decoder_ratios);
  EXPECT_EQ(read.settings, written.settings);
  EXPECT_EQ(read.processes, written.processes);
  EXPECT_EQ(read.runs.at("encoder").fid, 20);
}

TEST(GateBaseline, EveryKeyWithSpeedupHoldsANumber) {
  const TemporaryFolder folder;
  write_baseline(folder.path() / "b.json", baseline());
  std::ifstream file(folder.path() / "b.json");
  const nlohmann::json flat = nlohmann::json::parse(file).flatten();
  int found = 0;
  for (const auto& [key, value] : flat.items()) {
    if (key.find("speedup") == std::string::npos) continue;
    EXPECT_TRUE(value.is_number()) << key;
    ++found;
  }
  EXPECT_EQ(found, 3);  // decoder, and two of the run
}

TEST(GateBaseline, IsNotBuiltOnWhatIsNotMeasured) {
  ResultMeasures measures = result(1.5, 0.005, 1);
  measures.runs[1].round_ratios.resize(4);
  EXPECT_THROW(gate_baseline(measures, Gates{}), Error);
  measures = result(1.5, 0.005, 1);
  measures.runs[1].round_ratios[0] = NAN;
  EXPECT_THROW(gate_baseline(measures, Gates{}), Error);
  measures = result(1.5, 0.005, 1);
  measures.runs.resize(1);
  measures.runs[0].features.clear();
  measures.decoder_ratios.clear();
  EXPECT_THROW(gate_baseline(measures, Gates{}), Error);
}

TEST(FormatGate, NamesWhatRegressedInEveryFormat) {
  ResultMeasures now = result(1.5 * 0.9, 0.005, 3);
  const GateResult gate = check_gate(now, baseline());
  for (const std::string& format : gate_formats()) {
    const std::string text = format_gate(gate, {"r.h5", "b.json"}, format);
    EXPECT_THAT(text, HasSubstr("unet_speedup")) << format;
    EXPECT_THAT(text, HasSubstr("slower by")) << format;
    EXPECT_THAT(text, HasSubstr("beyond_tolerance")) << format;
  }
  EXPECT_THAT(format_gate(gate, {"r", "b"}, "junit"), HasSubstr("failures=\"1\""));
  EXPECT_THAT(format_gate(gate, {"r", "b"}, "github"), HasSubstr("::error title=fdbench check::"));
  EXPECT_EQ(nlohmann::json::parse(format_gate(gate, {"r", "b"}, "json"))["exit_code"], 1);
  EXPECT_THROW(format_gate(gate, {"r", "b"}, "yaml"), Error);
}

}  // namespace
}  // namespace fdbench
