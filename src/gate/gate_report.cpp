#include "gate/gate_report.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/number_text.h"
#include "results/text_table.h"

namespace fdbench {
namespace {

std::string cell(const char* format, double value) {
  if (std::isnan(value)) return "";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return printed(format, value);
}

std::string change_text(const Finding& finding) {
  if (std::isnan(finding.change)) return "";
  if (finding.figure == "psnr_to_full") return cell("%+.2f dB", finding.change);
  const std::string share = cell("%+.1f%%", 100 * (finding.change - 1));
  if (std::isnan(finding.low)) return share;
  return share + " [" + cell("%+.1f", 100 * (finding.low - 1)) + ", " +
         cell("%+.1f", 100 * (finding.high - 1)) + "]";
}

std::string subject(const Finding& finding) {
  return finding.run.empty() ? "network" : finding.run;
}

/// "beyond_tolerance: -9.1% [-9.5, -8.6] slower by 9.1%, ..."
std::string told(const Finding& finding) {
  std::string text = reason_code(finding.code) + ":";
  for (const std::string& part : {change_text(finding), finding.reason}) {
    if (!part.empty()) text += " " + part;
  }
  return text;
}

TextLines table_lines(const GateResult& gate) {
  TextLines lines = {
      {"run", "figure", "baseline", "now", "change [interval]", "p", "verdict", "reason", ""}};
  for (const Finding& finding : gate.findings) {
    lines.push_back({subject(finding), finding.figure, cell("%.4g", finding.before),
                     cell("%.4g", finding.now), change_text(finding),
                     cell("%.2g", finding.probability), verdict_name(finding.verdict),
                     reason_code(finding.code), finding.reason});
  }
  return lines;
}

int count(const GateResult& gate, Verdict verdict) {
  return static_cast<int>(
      std::count_if(gate.findings.begin(), gate.findings.end(),
                    [&](const Finding& finding) { return finding.verdict == verdict; }));
}

std::string summary(const GateResult& gate) {
  const int num_unchecked = count(gate, Verdict::kUnchecked);
  std::string text =
      std::to_string(static_cast<int>(gate.findings.size()) - num_unchecked) + " figures: ";
  text += std::to_string(count(gate, Verdict::kRegressed)) + " regressed, ";
  text += std::to_string(count(gate, Verdict::kUnsure)) + " too noisy to tell, ";
  text += std::to_string(count(gate, Verdict::kImproved)) + " improved";
  if (num_unchecked > 0) text += "; " + std::to_string(num_unchecked) + " not checked";
  return text;
}

std::string as_table(const GateResult& gate, const GateCaption& caption) {
  std::string text = "check   " + caption.result + " against " + caption.baseline + "\n\n" +
                     aligned_table(table_lines(gate)) + "\n";
  for (const std::string& note : gate.notes) text += "note: " + note + "\n";
  return text + summary(gate) + "\n";
}

std::string as_json(const GateResult& gate, const GateCaption& caption) {
  const auto add = [](nlohmann::ordered_json& json, const char* key, double value) {
    json[key] = std::isnan(value)   ? nlohmann::ordered_json()
                : std::isinf(value) ? nlohmann::ordered_json(value > 0 ? "inf" : "-inf")
                                    : nlohmann::ordered_json(value);
  };
  nlohmann::ordered_json json = {{"result", caption.result},
                                 {"baseline", caption.baseline},
                                 {"verdict", verdict_name(gate.verdict())},
                                 {"exit_code", gate.exit_code()},
                                 {"notes", gate.notes},
                                 {"findings", nlohmann::ordered_json::array()}};
  for (const Finding& finding : gate.findings) {
    nlohmann::ordered_json& entry = json["findings"].emplace_back();
    entry = {{"run", finding.run}, {"figure", finding.figure}};
    add(entry, "baseline", finding.before);
    add(entry, "now", finding.now);
    add(entry, "change", finding.change);
    add(entry, "change_low", finding.low);
    add(entry, "change_high", finding.high);
    add(entry, "probability", finding.probability);
    entry["verdict"] = verdict_name(finding.verdict);
    entry["reason_code"] = reason_code(finding.code);
    entry["reason"] = finding.reason;
  }
  return json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string xml(const std::string& text) {
  std::string result;
  for (const char letter : text) {
    switch (letter) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += static_cast<unsigned char>(letter) < ' ' ? ' ' : letter;
    }
  }
  return result;
}

/// Too noisy to tell and not checked are JUnit's "skipped": neither passed nor failed.
std::string as_junit(const GateResult& gate, const GateCaption& caption) {
  std::string text =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"fdbench check " +
      xml(caption.baseline) + "\" tests=\"" + std::to_string(gate.findings.size()) +
      "\" failures=\"" + std::to_string(count(gate, Verdict::kRegressed)) + "\" skipped=\"" +
      std::to_string(count(gate, Verdict::kUnsure) + count(gate, Verdict::kUnchecked)) + "\">\n";
  for (const Finding& finding : gate.findings) {
    text += "  <testcase classname=\"" + xml(subject(finding)) + "\" name=\"" +
            xml(finding.figure) + "\"";
    const std::string message = "message=\"" + xml(told(finding)) + "\"/></testcase>\n";
    if (finding.verdict == Verdict::kRegressed) {
      text += "><failure type=\"" + reason_code(finding.code) + "\" " + message;
    } else if (finding.verdict == Verdict::kUnsure || finding.verdict == Verdict::kUnchecked) {
      text += "><skipped " + message;
    } else {
      text += "/>\n";
    }
  }
  return text + "</testsuite>\n";
}

/// Data of a workflow command: percent signs and line breaks are escaped.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char letter : text) {
    if (letter == '%') {
      result += "%25";
    } else if (letter == '\n') {
      result += "%0A";
    } else if (letter == '\r') {
      result += "%0D";
    } else {
      result += letter;
    }
  }
  return result;
}

/// A table that GitHub takes for no workflow command, whatever runs are called.
std::string guarded(const std::string& table) {
  const bool looks_like_command =
      table.find("\n::") != std::string::npos || table.find("\n##[") != std::string::npos;
  if (!looks_like_command) return table;
  return "::stop-commands::fdbench-table\n" + table + "::fdbench-table::\n";
}

std::string as_github(const GateResult& gate, const GateCaption& caption) {
  std::string text = guarded(as_table(gate, caption));
  for (const Finding& finding : gate.findings) {
    const bool failed = finding.verdict == Verdict::kRegressed;
    if (!failed && finding.verdict != Verdict::kUnsure) continue;
    text += std::string(failed ? "::error" : "::warning") + " title=fdbench check::" +
            escaped(subject(finding) + " " + finding.figure + ": " + told(finding)) + "\n";
  }
  return text;
}

}  // namespace

std::vector<std::string> gate_formats() { return {"table", "json", "junit", "github"}; }

std::string format_gate(const GateResult& gate, const GateCaption& caption,
                        const std::string& format) {
  if (format == "table") return as_table(gate, caption);
  if (format == "json") return as_json(gate, caption);
  if (format == "junit") return as_junit(gate, caption);
  if (format == "github") return as_github(gate, caption);
  throw usage_error("format '" + format + "' is not known" + advice(format, gate_formats()));
}

}  // namespace fdbench
