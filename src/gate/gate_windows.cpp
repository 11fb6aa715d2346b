#include "gate/gate_windows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

#include "core/number_text.h"

namespace fdbench {
namespace {

// Relative: of figures that are computed, not sampled.
constexpr double kRounding = 1e-9;

/// A figure of a run in the baseline and in the result; change: as in Finding.
struct Figure {
  const char* name;
  double before, now, change;
};

enum class Better { kMore, kLess };
/// Where a figure lies.
enum class Side { kInside, kWorse, kBetter };

/// What a figure may be without a word.
struct Window {
  double low, high;
  Better better = Better::kMore;

  Side side_of(double now) const {
    if (now < low) return better == Better::kMore ? Side::kWorse : Side::kBetter;
    if (now > high) return better == Better::kMore ? Side::kBetter : Side::kWorse;
    return Side::kInside;
  }
};

/// A figure that is not a sample. allowed: words for its window.
Finding finding_of(const Figure& figure, Side side, const std::string& allowed) {
  Finding finding;
  finding.figure = figure.name;
  finding.before = figure.before;
  finding.now = figure.now;
  finding.change = figure.change;
  if (std::isnan(figure.before)) {  // NaN is equal to nothing: not committed, so not checked
    finding.verdict = Verdict::kUnchecked;
    finding.code = Reason::kNotInBaseline;
    finding.reason = "the baseline has no such figure; --update writes it";
  } else if (std::isnan(figure.now)) {
    finding.verdict = Verdict::kRegressed;
    finding.code = Reason::kNotMeasured;
    finding.reason = "is not a number any more (not measured, or NaN)";
  } else if (side == Side::kWorse) {
    finding.verdict = Verdict::kRegressed;
    finding.code = Reason::kBeyondTolerance;
    finding.reason = "left its window (" + allowed + ")";
  } else if (side == Side::kBetter) {
    finding.verdict = Verdict::kImproved;
    finding.code = Reason::kBetter;
  }
  return finding;
}

/// The windows of one baseline file.
class Windows {
 public:
  explicit Windows(const Gates& gates) : gates_(gates) {}

  std::vector<Finding> check(const GatedRun& before, const RunMeasures& now) const {
    if (before.baseline) return {features(before, now)};
    return {multiply_adds(before, now), psnr(before, now),    latent_mse(before, now),
            clip_score(before, now),    fid(before, now),     objects_right(before, now),
            control_f1(before, now),    features(before, now)};
  }

 private:
  Finding multiply_adds(const GatedRun& before, const RunMeasures& run) const {
    const double old = before.multiply_adds_speedup, now = run.record.multiply_adds_ratio;
    const double tolerance = gates_.multiply_adds.tolerance;
    const Window window{.low = old * (1 - tolerance) * (1 - kRounding),
                        .high = old * (1 + kRounding)};
    return finding_of({"multiply_adds_speedup", old, now, now / old}, window.side_of(now),
                      "may lose " + percent(tolerance));
  }

  Finding psnr(const GatedRun& before, const RunMeasures& run) const {
    const double old = before.psnr_to_full, now = run.record.psnr_to_full;
    const double tolerance = gates_.psnr.tolerance;
    // Infinity less infinity is not a number.
    const double change = old == now ? 0 : now - old;
    const Window window{.low = old - tolerance, .high = old + tolerance};
    return finding_of({"psnr_to_full", old, now, change}, window.side_of(now),
                      "may lose " + printed("%.4g", tolerance) + " dB");
  }

  Finding latent_mse(const GatedRun& before, const RunMeasures& run) const {
    return share_of_old({"latent_mse_to_full", before.latent_mse_to_full,
                         run.record.latent_mse_to_full, kNotMeasured},
                        gates_.latent_mse.tolerance, Better::kLess);
  }

  /// A figure whose window is a share of what it was.
  static Finding share_of_old(Figure figure, double tolerance, Better better) {
    const double old = figure.before;
    figure.change = old == figure.now ? 1 : figure.now / old;
    const Window window{
        .low = old * (1 - tolerance), .high = old * (1 + tolerance), .better = better};
    return finding_of(
        figure, window.side_of(figure.now),
        (better == Better::kMore ? "may lose " : "may grow by ") + percent(tolerance));
  }

  Finding clip_score(const GatedRun& before, const RunMeasures& run) const {
    return share_of_old({"clip_score", before.clip_score, run.record.clip_score, kNotMeasured},
                        gates_.clip_score.tolerance, Better::kMore);
  }

  Finding fid(const GatedRun& before, const RunMeasures& run) const {
    return share_of_old({"fid", before.fid, run.record.fid, kNotMeasured}, gates_.fid.tolerance,
                        Better::kLess);
  }

  Finding objects_right(const GatedRun& before, const RunMeasures& run) const {
    return share_of_old(
        {"objects_right", before.objects_right, run.record.objects_right, kNotMeasured},
        gates_.objects_right.tolerance, Better::kMore);
  }

  Finding control_f1(const GatedRun& before, const RunMeasures& run) const {
    return share_of_old({"control_f1", before.control_f1, run.record.control_f1, kNotMeasured},
                        gates_.control_f1.tolerance, Better::kMore);
  }

  /// The block whose statistic moved most, as a share of the largest of that statistic's blocks.
  Finding features(const GatedRun& before, const RunMeasures& run) const {
    std::map<std::string, double> largest;
    for (const auto& [name, value] : before.features) {
      double& most = largest[name.substr(0, name.find('/'))];
      most = std::max(most, std::abs(value));
    }
    Finding worst =
        finding_of({"features", kNotMeasured, kNotMeasured, kNotMeasured}, Side::kInside, "");
    if (before.features.empty() && !run.features.empty()) worst.now = run.features.begin()->second;
    std::string where;
    double furthest = -1;
    for (const auto& [name, old] : before.features) {
      const auto found = run.features.find(name);
      const double now = found == run.features.end() ? kNotMeasured : found->second;
      const double scale = largest.at(name.substr(0, name.find('/')));
      double moved = now == old ? 0 : std::abs(now - old) / scale;
      if (std::isnan(moved)) moved = std::numeric_limits<double>::infinity();
      if (moved <= furthest) continue;
      furthest = moved;
      where = name;
      const Side side = moved > gates_.features.tolerance ? Side::kWorse : Side::kInside;
      worst = finding_of({"features", old, now, now / old}, side,
                         "may move by " + percent(gates_.features.tolerance));
    }
    if (worst.verdict == Verdict::kRegressed) worst.reason = where + " " + worst.reason;
    return worst;
  }

  const Gates& gates_;
};

}  // namespace

std::vector<Finding> check_windows(const GatedRun& before, const RunMeasures& now,
                                   const Gates& gates) {
  return Windows(gates).check(before, now);
}

}  // namespace fdbench
