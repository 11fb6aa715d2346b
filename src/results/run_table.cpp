#include "results/run_table.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace fdbench {
namespace {

using Grid = std::vector<std::vector<std::string>>;

std::string printed(const char* format, double number) {
  char text[64];
  std::snprintf(text, sizeof text, format, number);
  return text;
}

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
std::string cell_text(std::span<const RunField> from, const RunRecord& record) {
  const RunField& field = from[0];
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
Grid shown_grid(std::span<const RunRecord> records) {
  Grid grid(records.size() + 1);
  const auto fields = run_fields();
  for (std::size_t f = 0; f < fields.size(); ++f) {
    if (fields[f].display == Display::kHidden) continue;
    if (fields[f].display == Display::kScore && !is_judged(fields[f], records)) continue;
    grid[0].push_back(fields[f].heading);
    for (std::size_t r = 0; r < records.size(); ++r) {
      grid[r + 1].push_back(cell_text(fields.subspan(f), records[r]));
    }
  }
  return grid;
}

std::vector<std::size_t> widths(const Grid& grid) {
  std::vector<std::size_t> result(grid[0].size(), 0);
  for (const auto& line : grid) {
    for (std::size_t c = 0; c < line.size(); ++c) result[c] = std::max(result[c], line[c].size());
  }
  return result;
}

std::string plain_line(const std::vector<std::string>& cells,
                       const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    line += cells[c] + std::string(widths[c] - cells[c].size() + 2, ' ');
  }
  return line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

/// What a reader must know besides the numbers.
std::string notes(std::span<const RunRecord> records) {
  std::int64_t rounds = 0, pictures = 0;
  bool baseline = false, judged = false;
  std::string text;
  for (const RunRecord& record : records) {
    rounds = std::max(rounds, record.num_rounds);
    pictures = std::max(pictures, record.num_pictures);
    baseline |= record.baseline;
    judged |= !std::isnan(record.fid) || !std::isnan(record.clip_score) ||
              !std::isnan(record.objects_right);
    if (!record.reused && record.strategy != "full") {
      text += "note: " + record.name + " never reused anything: every layer ran at every step\n";
    }
  }
  if (!baseline)
    text += "note: no plain run of strategy 'full', so there are no speedups and distances\n";
  if (judged) {
    text +=
        "scores: by the sweep's judges; *: differs from the run it is compared with beyond the "
        "95% interval of a paired bootstrap\n";
  }
  return "\nspeedup: of the UNet, median over " + std::to_string(rounds) +
         " interleaved rounds with its 95% bootstrap interval; PSNR and latent MSE: mean over " +
         std::to_string(pictures) + " pictures\n" + text;
}

std::string as_table(std::span<const RunRecord> records) {
  const Grid grid = shown_grid(records);
  std::string text;
  for (const auto& line : grid) text += plain_line(line, widths(grid));
  return text + notes(records);
}

std::string markdown_line(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const std::string& cell : cells) line += " " + cell + " |";
  return line + "\n";
}

std::string as_markdown(std::span<const RunRecord> records) {
  const Grid grid = shown_grid(records);
  std::string text = markdown_line(grid[0]);
  text += markdown_line(std::vector<std::string>(grid[0].size(), "---"));
  for (std::size_t r = 1; r < grid.size(); ++r) text += markdown_line(grid[r]);
  return text + notes(records);
}

/// RFC 4180: quoted where needed.
std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string result = "\"";
  for (const char letter : text)
    result += letter == '"' ? std::string("\"\"") : std::string(1, letter);
  return result + "\"";
}

std::string csv_text(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return quoted(*text);
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
  const double number = std::get<double>(value);
  return std::isnan(number) ? "" : printed("%.17g", number);
}

std::string as_csv(std::span<const RunRecord> records) {
  std::string text;
  for (const RunField& field : run_fields()) text += (text.empty() ? "" : ",") + field.column.name;
  text += "\n";
  for (const RunRecord& record : records) {
    std::string line;
    for (const RunField& field : run_fields()) line += "," + csv_text(field.value(record));
    text += line.substr(1) + "\n";
  }
  return text;
}

std::string as_json(std::span<const RunRecord> records) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const RunRecord& record : records) {
    nlohmann::ordered_json& object = list.emplace_back();
    for (const RunField& field : run_fields()) {
      std::visit([&](const auto& value) { object[field.column.name] = value; },
                 field.value(record));
    }
  }
  // Text from a file need not be UTF-8.
  return list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

std::vector<std::string> table_formats() { return {"table", "md", "csv", "json"}; }

std::string format_runs(std::span<const RunRecord> records, const std::string& format) {
  if (format == "table") return as_table(records);
  if (format == "md") return as_markdown(records);
  if (format == "csv") return as_csv(records);
  if (format == "json") return as_json(records);
  throw usage_error("format '" + format + "' is not known" + advice(format, table_formats()));
}

}  // namespace fdbench
