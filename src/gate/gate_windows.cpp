#include "gate/gate_windows.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>
#include <string>

namespace fdbench {
namespace {

constexpr double kRounding = 1e-9;  // relative: of figures that are computed, not sampled

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

/// The windows of one baseline file.
class Windows {
 public:
  explicit Windows(const Gates& gates) : gates_(gates) {}

  std::vector<Finding> check(const GatedRun& before, const RunMeasures& now) const {
    if (before.baseline) return {features(before, now)};
    return {multiply_adds(before, now), psnr(before, now), latent_mse(before, now),
            clip_score(before, now),    fid(before, now),  objects_right(before, now),
            features(before, now)};
  }

 private:
  /// A figure that is no sample. worse: how far it lies on the bad side, in units of the tolerance.
  static Finding fixed(const char* figure, double before, double now, double change, bool worse,
                       bool better, const std::string& allowed) {
    Finding finding;
    finding.figure = figure;
    finding.before = before;
    finding.now = now;
    finding.change = change;
    if (std::isnan(before)) {  // NaN is equal to nothing: not committed, so not checked
      finding.verdict = Verdict::kUnchecked;
      finding.code = Reason::kNotInBaseline;
      finding.reason = "the baseline has no such figure; --update writes it";
    } else if (std::isnan(now)) {
      finding.verdict = Verdict::kRegressed;
      finding.code = Reason::kNotMeasured;
      finding.reason = "is no number any more (not measured, or NaN)";
    } else if (worse) {
      finding.verdict = Verdict::kRegressed;
      finding.code = Reason::kBeyondTolerance;
      finding.reason = "left its window (" + allowed + ")";
    } else if (better) {
      finding.verdict = Verdict::kImproved;
      finding.code = Reason::kBetter;
    }
    return finding;
  }

  Finding multiply_adds(const GatedRun& before, const RunMeasures& run) const {
    const double old = before.multiply_adds_speedup, now = run.record.multiply_adds_ratio;
    const double tolerance = gates_.multiply_adds.tolerance;
    return fixed("multiply_adds_speedup", old, now, now / old,
                 now<old*(1 - tolerance) * (1 - kRounding), now> old * (1 + kRounding),
                 "may lose " + percent(tolerance));
  }

  Finding psnr(const GatedRun& before, const RunMeasures& run) const {
    const double old = before.psnr_to_full, now = run.record.psnr_to_full;
    const double tolerance = gates_.psnr.tolerance;
    const bool same = old == now;  // infinity less infinity is no number
    return fixed("psnr_to_full", old, now, same ? 0 : now - old, !same && now < old - tolerance,
                 !same && now > old + tolerance, "may lose " + number(tolerance) + " dB");
  }

  Finding latent_mse(const GatedRun& before, const RunMeasures& run) const {
    const double old = before.latent_mse_to_full, now = run.record.latent_mse_to_full;
    const double tolerance = gates_.latent_mse.tolerance;
    return fixed("latent_mse_to_full", old, now, old == now ? 1 : now / old,
                 now > old * (1 + tolerance), now < old * (1 - tolerance),
                 "may grow by " + percent(tolerance));
  }

  /// A score of judges; growth: of which better is more.
  static Finding judged_score(const char* figure, double old, double now, double tolerance,
                              bool growth) {
    const bool lower = now<old*(1 - tolerance), higher = now> old * (1 + tolerance);
    return fixed(figure, old, now, old == now ? 1 : now / old, growth ? lower : higher,
                 growth ? higher : lower,
                 "may " + std::string(growth ? "lose " : "grow by ") + percent(tolerance));
  }

  Finding clip_score(const GatedRun& before, const RunMeasures& run) const {
    return judged_score("clip_score", before.clip_score, run.record.clip_score,
                        gates_.clip_score.tolerance, true);
  }

  Finding fid(const GatedRun& before, const RunMeasures& run) const {
    return judged_score("fid", before.fid, run.record.fid, gates_.fid.tolerance, false);
  }

  Finding objects_right(const GatedRun& before, const RunMeasures& run) const {
    return judged_score("objects_right", before.objects_right, run.record.objects_right,
                        gates_.objects_right.tolerance, true);
  }

  /// The block whose statistic moved most, as a share of the largest of that statistic's blocks.
  Finding features(const GatedRun& before, const RunMeasures& run) const {
    std::map<std::string, double> largest;
    for (const auto& [name, value] : before.features) {
      double& most = largest[name.substr(0, name.find('/'))];
      most = std::max(most, std::abs(value));
    }
    Finding worst = fixed("features", kNotMeasured, kNotMeasured, kNotMeasured, false, false, "");
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
      worst = fixed("features", old, now, now / old, moved > gates_.features.tolerance, false,
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
