#include "cli/judge_report.h"

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace fdbench {
namespace {

using nlohmann::ordered_json;

ordered_json described(const JudgedSet& set) {
  ordered_json json = {{"file", set.name},
                       {"n", count_of(set)},
                       {"dimension", dimension_of(set)},
                       {"hash", set.hash}};
  if (!set.network.empty()) json["network"] = set.network;
  return json;
}

ordered_json described(const JudgedBeside& beside) {
  ordered_json json = {{"file", beside.file}, {"by", beside.by}};
  if (!beside.first.empty()) json["first"] = beside.first;
  if (!beside.last.empty()) json["last"] = beside.last;
  return json;
}

/// JSON has no infinity, and none of the numbers here is another than finite or infinite.
ordered_json number(double value) {
  return std::isinf(value) ? ordered_json(value > 0 ? "inf" : "-inf") : ordered_json(value);
}

void print_set(const char* role, const JudgedSet& set) {
  const std::int64_t count = count_of(set);
  std::printf("%-10s %s: %s pictures, %lld dimensions%s\n", role, set.name.c_str(),
              count > 0 ? std::to_string(count).c_str() : "an unknown number of",
              static_cast<long long>(dimension_of(set)),
              set.network.empty() ? "" : (", network " + set.network.substr(0, 8)).c_str());
}

void print_score(const Score& score) {
  std::printf("%-17s %12.6g", score.name.c_str(), score.value);
  if (std::isfinite(score.low)) std::printf("  [%.6g, %.6g]", score.low, score.high);
  if (std::isfinite(score.std)) std::printf("  +- %.3g", score.std);
  if (!score.remark.empty()) std::printf("  (%s)", score.remark.c_str());
  std::printf("\n");
}

}  // namespace

void print_json(const JudgeReport& report) {
  ordered_json json, intervals, deviations, remarks;
  for (const Score& score : report.scores) {
    json[score.name] = number(score.value);
    if (std::isfinite(score.low)) intervals[score.name] = {score.low, score.high};
    if (std::isfinite(score.std)) deviations[score.name] = score.std;
    if (!score.remark.empty()) remarks[score.name] = score.remark;
  }
  if (!intervals.empty()) json["intervals"] = intervals;
  if (!deviations.empty()) json["std"] = deviations;
  if (!remarks.empty()) json["remarks"] = remarks;
  json["judged"] =
      report.judged ? described(*report.judged) : ordered_json{{"file", report.pictures}};
  if (report.reference) json["reference"] = described(*report.reference);
  if (!report.pairs.file.empty()) json["pairs"] = described(report.pairs);
  if (!report.controls.file.empty()) json["controls"] = described(report.controls);
  if (!report.prompts.file.empty()) json["prompts"] = described(report.prompts);
  if (!report.protocol.empty()) json["protocol"] = report.protocol;
  json["bootstrap"] = report.options.bootstrap;
  json["seed"] = report.options.seed;
  json["warnings"] = report.warnings;
  std::printf("%s\n", json.dump(2).c_str());
}

void print_table(const JudgeReport& report) {
  if (report.judged) print_set("judged", *report.judged);
  if (report.reference) print_set("reference", *report.reference);
  if (!report.pairs.file.empty()) {
    std::printf("%-10s %s, each with that of the same %s in %s\n", "pairs", report.pictures.c_str(),
                report.pairs.by.c_str(), report.pairs.file.c_str());
  }
  if (!report.controls.file.empty()) {
    std::printf("%-10s %s, each with that of the same %s in %s\n", "controls",
                report.pictures.c_str(), report.controls.by.c_str(), report.controls.file.c_str());
  }
  if (!report.prompts.file.empty()) {
    std::printf("%-10s %s by %s: %s ... %s\n", "prompts", report.prompts.file.c_str(),
                report.prompts.by.c_str(), report.prompts.first.c_str(),
                report.prompts.last.c_str());
  }
  std::printf("\n");
  for (const Score& score : report.scores) print_score(score);
}

}  // namespace fdbench
