#include <cmath>

#include "core/error.h"
#include "core/number_text.h"
#include "core/one_line.h"
#include "gate/compare_results.h"
#include "results/text_table.h"

namespace fdbench {
namespace {

struct NamedDifference {
  const char* name;
  const char* heading;
  Difference ComparedRun::*member;
  const char* format;
};
constexpr NamedDifference kDifferences[] = {
    {"time_ratio", "time B/A [95%]", &ComparedRun::time, "%.3f"},
    {"speedup_ratio", "speedup B/A [95%]", &ComparedRun::speedup, "%.3f"},
    {"psnr_difference", "PSNR B-A [dB]", &ComparedRun::psnr, "%+.2f"},
    {"latent_mse_difference", "latent MSE B-A", &ComparedRun::latent_mse, "%+.3g"}};

/// "1.020 [0.980, 1.060] p=0.4".
std::string cell(const Difference& difference, const char* format) {
  if (std::isnan(difference.estimate)) return "";
  std::string text = printed(format, difference.estimate);
  if (!std::isnan(difference.low)) {
    text += " [" + printed(format, difference.low) + ", " + printed(format, difference.high) + "]";
  }
  if (std::isnan(difference.probability)) return text;
  return text + " p=" + printed("%.2g", difference.probability);
}

TextLines lines_of(const Comparison& comparison) {
  TextLines lines = {{"run"}};
  for (const NamedDifference& named : kDifferences) lines[0].push_back(named.heading);
  for (const ComparedRun& run : comparison.runs) {
    const bool renamed = run.name != run.other_name;
    std::vector<std::string>& line = lines.emplace_back();
    line.push_back(renamed ? run.name + " = " + run.other_name : run.name);
    for (const NamedDifference& named : kDifferences) {
      line.push_back(cell(run.*named.member, named.format));
    }
  }
  return lines;
}

std::string notes(const Comparison& comparison) {
  std::string text;
  for (const std::string& name : comparison.only_first) {
    text += "only in A: " + one_line(name) + "\n";
  }
  for (const std::string& name : comparison.only_second) {
    text += "only in B: " + one_line(name) + "\n";
  }
  for (const std::string& warning : comparison.warnings) {
    text += "warning: " + one_line(warning) + "\n";
  }
  return text;
}

std::string csv_number(double value) { return std::isnan(value) ? "" : exact_number_text(value); }

std::string as_csv(const Comparison& comparison) {
  std::string text = "run,other_run";
  for (const NamedDifference& named : kDifferences) {
    for (const char* part : {"", "_low", "_high", "_probability"}) {
      text += std::string(",") + named.name + part;
    }
  }
  text += "\n";
  for (const ComparedRun& run : comparison.runs) {
    text += csv_cell(run.name) + "," + csv_cell(run.other_name);
    for (const NamedDifference& named : kDifferences) {
      const Difference& difference = run.*named.member;
      for (const double value :
           {difference.estimate, difference.low, difference.high, difference.probability}) {
        text += "," + csv_number(value);
      }
    }
    text += "\n";
  }
  return text;
}

/// JSON has no infinities: text. null where nothing was compared.
nlohmann::ordered_json number_json(double value) {
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return std::isnan(value) ? nlohmann::ordered_json() : nlohmann::ordered_json(value);
}

std::string as_json(const Comparison& comparison, const std::string& first,
                    const std::string& second) {
  nlohmann::ordered_json json = {{"first", first}, {"second", second}};
  json["runs"] = nlohmann::ordered_json::array();
  for (const ComparedRun& run : comparison.runs) {
    nlohmann::ordered_json& entry = json["runs"].emplace_back();
    entry = {{"run", run.name}, {"other_run", run.other_name}};
    for (const NamedDifference& named : kDifferences) {
      const Difference& difference = run.*named.member;
      entry[named.name] = {{"estimate", number_json(difference.estimate)},
                           {"low", number_json(difference.low)},
                           {"high", number_json(difference.high)},
                           {"probability", number_json(difference.probability)}};
    }
  }
  json["only_first"] = comparison.only_first;
  json["only_second"] = comparison.only_second;
  json["warnings"] = comparison.warnings;
  return json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

std::vector<std::string> comparison_formats() { return {"table", "md", "csv", "json"}; }

std::string format_comparison(const Comparison& comparison, const std::string& first,
                              const std::string& second, const std::string& format) {
  const std::string head = "A " + first + "    B " + second;
  const std::string above = head + "\n\n", below = "\n" + notes(comparison);
  if (format == "table") return above + aligned_table(lines_of(comparison)) + below;
  if (format == "md") return above + markdown_table(lines_of(comparison)) + below;
  if (format == "csv") return as_csv(comparison);
  if (format == "json") return as_json(comparison, first, second);
  throw usage_error("format '" + format + "' is not known" + advice(format, comparison_formats()));
}

}  // namespace fdbench
