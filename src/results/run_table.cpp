#include "results/run_table.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/number_text.h"
#include "core/one_line.h"
#include "plan/strategies.h"
#include "results/reading_notes.h"
#include "results/text_table.h"

namespace fdbench {
namespace {

double real(const RunField& field, const RunRecord& record) {
  return std::get<double>(field.value(record));
}

std::string speedup_text(std::span<const RunField> field_and_interval, const RunRecord& record) {
  if (record.baseline) return "1";
  const double ratio = real(field_and_interval[0], record);
  if (std::isnan(ratio)) return "";
  const double low = real(field_and_interval[1], record),
               high = real(field_and_interval[2], record);
  if (std::isnan(low)) return printed("%.2f", ratio);
  return printed("%.2f [", ratio) + printed("%.2f, ", low) + printed("%.2f]", high);
}

std::string fewer_text(double ratio, bool baseline) {
  if (std::isnan(ratio)) return "";
  if (baseline) return "1";
  return ratio >= 1 ? printed("%.2fx fewer", ratio) : printed("%.2fx more", 1 / ratio);
}

std::string decibel_text(double value, bool baseline) {
  if (std::isnan(value) || baseline) return "";
  return std::isinf(value) ? "identical" : printed("%.1f dB", value);
}

/// A score; with a star where it differs from the baseline's beyond its interval.
std::string score_text(std::span<const RunField> family, const RunRecord& record) {
  const double value = real(family[0], record);
  if (std::isnan(value)) return "";
  const double low = real(family[4], record), high = real(family[5], record);
  return printed("%.3g", value) + (low > 0 || high < 0 ? "*" : "");
}

/// What the terminal shows of one field; "" where it was not measured.
std::string cell_text(std::span<const RunField> from, const RunRecord& record,
                      std::span<const RunRecord> records) {
  const RunField& field = from[0];
  if (is_not_a_number(field, record, records)) {
    return std::isnan(real(field, record)) ? "NaN" : number_text(real(field, record));
  }
  switch (field.display) {
    case Display::kHidden:
      return "";
    case Display::kText:
      return std::get<std::string>(field.value(record));
    case Display::kCount: {
      const std::int64_t count = std::get<std::int64_t>(field.value(record));
      return count == kNotCounted ? "" : std::to_string(count);
    }
    case Display::kSeconds:
      return std::isnan(real(field, record)) ? "" : printed("%.3f", real(field, record));
    case Display::kSpeedup:
      return speedup_text(from, record);
    case Display::kFewer:
      return fewer_text(real(field, record), record.baseline);
    case Display::kDecibel:
      return decibel_text(real(field, record), record.baseline);
    case Display::kScore:
      return score_text(from, record);
    case Display::kSmall:
      return std::isnan(real(field, record)) || record.baseline
                 ? ""
                 : printed("%.3g", real(field, record));
  }
  return "";
}

/// Whether any record has something to show there.
bool is_judged(const RunField& field, std::span<const RunRecord> records) {
  return std::any_of(records.begin(), records.end(),
                     [&](const RunRecord& record) { return !std::isnan(real(field, record)); });
}

/// Heading and one line a record, of the shown fields; scores only where pictures were judged.
TextLines shown_lines(std::span<const RunRecord> records) {
  TextLines grid(records.size() + 1);
  const auto fields = run_fields();
  for (std::size_t f = 0; f < fields.size(); ++f) {
    if (fields[f].display == Display::kHidden) continue;
    if (fields[f].display == Display::kScore && !is_judged(fields[f], records)) continue;
    grid[0].push_back(fields[f].heading);
    for (std::size_t r = 0; r < records.size(); ++r) {
      grid[r + 1].push_back(cell_text(fields.subspan(f), records[r], records));
    }
  }
  return grid;
}

/// "parallel, at most 4 steps a batch".
std::string execution_text(const RunRecord& record) {
  const bool is_capped = record.execution == "parallel" && record.max_parallel > 0;
  return one_line(record.execution) +
         (is_capped ? ", at most " + std::to_string(record.max_parallel) + " steps a batch" : "");
}

/// What a reader must know besides the numbers; how good the measurement was stands last.
std::string notes(const ResultSummary& summary) {
  const std::span<const RunRecord> records = summary.runs;
  std::int64_t rounds = 0, pictures = 0;
  bool baseline = false, judged = false;
  std::string text;
  for (const RunRecord& record : records) {
    rounds = std::max(rounds, record.num_rounds);
    pictures = std::max(pictures, record.num_pictures);
    baseline |= record.baseline;
    judged |= !std::isnan(record.fid) || !std::isnan(record.clip_score) ||
              !std::isnan(record.objects_right) || !std::isnan(record.control_f1);
    if (record.auto_execution) {
      text +=
          "execution: auto took " + execution_text(record) + " for " + one_line(record.name) + "\n";
    }
    if (!record.reused && !is_plain_strategy(record.strategy)) {
      text += "note: " + one_line(record.name) +
              " never reused anything: every layer ran at every step\n";
    }
    if (!record.baseline && record.num_identical > 0 &&
        record.num_identical < record.num_pictures) {
      text += "note: " + one_line(record.name) + ": " + std::to_string(record.num_identical) +
              " of " + std::to_string(record.num_pictures) +
              " pictures identical to the full run's, left out of the mean PSNR\n";
    }
  }
  if (!baseline)
    text += "note: no plain run of strategy 'full', so there are no speedups and distances\n";
  if (judged) {
    text +=
        "scores: by the sweep's judges; *: differs from the run it is compared with beyond the "
        "95% interval of a paired bootstrap\n";
  }
  for (const std::string& warning : summary.warnings)
    text += "warning: " + one_line(warning) + "\n";
  for (const std::string& line : {summary.disturbed, line_of_uncertain(records)}) {
    if (!line.empty()) text += one_line(line) + "\n";
  }
  return "\nspeedup: of the UNet, median over " + std::to_string(rounds) +
         " interleaved rounds with its 95% bootstrap interval; PSNR and latent MSE: mean over " +
         std::to_string(pictures) + " pictures\n" + text;
}

std::string as_table(const ResultSummary& summary) {
  return aligned_table(shown_lines(summary.runs)) + notes(summary);
}

std::string as_markdown(const ResultSummary& summary) {
  return markdown_table(shown_lines(summary.runs)) + notes(summary);
}

/// A number that a run must have and has not is "nan", one that was not measured is empty.
std::string csv_text(const RunField& field, const RunRecord& record,
                     std::span<const RunRecord> records) {
  const FieldValue value = field.value(record);
  if (const auto* text = std::get_if<std::string>(&value)) return csv_cell(*text);
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
  const double number = std::get<double>(value);
  if (!std::isnan(number)) return exact_number_text(number);
  return is_not_a_number(field, record, records) ? "nan" : "";
}

std::string as_csv(std::span<const RunRecord> records) {
  std::string text;
  for (const RunField& field : run_fields()) text += (text.empty() ? "" : ",") + field.column.name;
  text += "\n";
  for (const RunRecord& record : records) {
    std::string line;
    for (const RunField& field : run_fields()) line += "," + csv_text(field, record, records);
    text += line.substr(1) + "\n";
  }
  return text;
}

/// JSON has neither: "inf", "-inf", and "nan" for a number that the run must have. null is what was
/// not measured.
nlohmann::ordered_json json_number(double number, bool must_be_there) {
  if (std::isfinite(number)) return number;
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  return must_be_there ? nlohmann::ordered_json("nan") : nlohmann::ordered_json();
}

std::string as_json(std::span<const RunRecord> records) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const RunRecord& record : records) {
    nlohmann::ordered_json& object = list.emplace_back();
    for (const RunField& field : run_fields()) {
      const FieldValue value = field.value(record);
      nlohmann::ordered_json& entry = object[field.column.name];
      if (const auto* number = std::get_if<double>(&value)) {
        entry = json_number(*number, is_not_a_number(field, record, records));
      } else {
        std::visit([&](const auto& other) { entry = other; }, value);
      }
    }
  }
  // Text from a file need not be UTF-8.
  return list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

std::vector<std::string> table_formats() { return {"table", "md", "csv", "json"}; }

std::string format_runs(const ResultSummary& summary, const std::string& format) {
  if (format == "table") return as_table(summary);
  if (format == "md") return as_markdown(summary);
  if (format == "csv") return as_csv(summary.runs);
  if (format == "json") return as_json(summary.runs);
  throw usage_error("format '" + format + "' is not known" + advice(format, table_formats()));
}

std::string format_runs(std::span<const RunRecord> records, const std::string& format) {
  ResultSummary summary;
  summary.runs.assign(records.begin(), records.end());
  summary.warnings = lines_of_no_numbers(records);
  return format_runs(summary, format);
}

}  // namespace fdbench
