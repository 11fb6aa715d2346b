#include "results/reading_notes.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/number_text.h"

namespace fdbench {
namespace {

/// Of an interval, as a share of the speedup.
constexpr double kWidest = 0.1;
constexpr std::size_t kMostNamed = 3;
// Shares of all cores' time, and of the rounds' median clock.
constexpr double kSteal = 0.01, kOthers = 0.05, kClock = 0.05;

/// Which runs must have a figure.
enum class Expected {
  kNowhere,
  kWhereTimed,
  kWhereTimedAndCompared,
  /// Some run that is compared with the same one has it.
  kWhereOthersOfItsBaseline,
  kWhereOthers  // some run has it
};

Expected expectation(const std::string& name) {
  static const std::map<std::string, Expected> known = {
      {"unet_s", Expected::kWhereTimed},
      {"total_s", Expected::kWhereTimed},
      {"unet_speedup", Expected::kWhereTimedAndCompared},
      {"total_speedup", Expected::kWhereTimedAndCompared},
      {"psnr_to_full", Expected::kWhereOthersOfItsBaseline},
      {"latent_mse_to_full", Expected::kWhereOthersOfItsBaseline},
      {"ssim_to_full", Expected::kWhereOthersOfItsBaseline},
      {"perceptual_to_full", Expected::kWhereOthersOfItsBaseline},
      {"fid", Expected::kWhereOthers},
      {"kid", Expected::kWhereOthers},
      {"precision", Expected::kWhereOthers},
      {"recall", Expected::kWhereOthers},
      {"clip_score", Expected::kWhereOthers},
      {"objects_right", Expected::kWhereOthers},
      {"pictures_right", Expected::kWhereOthers},
      {"control_f1", Expected::kWhereOthers},
      {"control_precision", Expected::kWhereOthers},
      {"control_recall", Expected::kWhereOthers}};
  const auto found = known.find(name);
  return found == known.end() ? Expected::kNowhere : found->second;
}

double number_of(const RunField& field, const RunRecord& record) {
  const FieldValue value = field.value(record);
  const double* number = std::get_if<double>(&value);
  return number == nullptr ? 0 : *number;
}

bool is_number(const RunField& field, double value) {
  return std::isfinite(value) ||
         (field.display == Display::kDecibel && std::isinf(value) && value > 0);
}

std::string joined(const std::vector<std::string>& parts, const char* between) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : between) + part;
  return text;
}

std::string speedup_text(const RunRecord& record) {
  return record.name + printed(" %.2f [", record.unet_speedup) +
         printed("%.2f, ", record.unet_speedup_low) + printed("%.2f]", record.unet_speedup_high);
}

/// One number a round; empty where the file does not say.
std::vector<double> round_facts(const Hdf5File& file, const std::string& name) {
  const std::string dataset = "/timing/" + name;
  if (!file.has(dataset)) return {};
  const at::Tensor values = file.read(dataset).to(at::kDouble).flatten().contiguous();
  const double* begin = values.const_data_ptr<double>();
  return {begin, begin + values.numel()};
}

double median_of_finite(std::vector<double> values) {
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
  if (values.empty()) return kNotMeasured;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace

bool is_not_a_number(const RunField& field, const RunRecord& record,
                     std::span<const RunRecord> records) {
  if (is_number(field, number_of(field, record))) return false;
  const auto some_have = [&](const auto& counts) {
    return std::any_of(records.begin(), records.end(), [&](const RunRecord& other) {
      return counts(other) && is_number(field, number_of(field, other));
    });
  };
  switch (expectation(field.column.name)) {
    case Expected::kNowhere:
      return false;
    case Expected::kWhereTimed:
      return record.num_rounds > 0;
    case Expected::kWhereTimedAndCompared:
      return record.num_rounds > 0 && !record.compared_with.empty();
    case Expected::kWhereOthersOfItsBaseline:
      return !record.compared_with.empty() && some_have([&](const RunRecord& other) {
        return other.compared_with == record.compared_with;
      });
    case Expected::kWhereOthers:
      return some_have([](const RunRecord&) { return true; });
  }
  return false;
}

std::vector<std::string> lines_of_no_numbers(std::span<const RunRecord> records) {
  std::vector<std::string> lines;
  for (const RunRecord& record : records) {
    std::vector<std::string> names;
    for (const RunField& field : run_fields()) {
      if (is_not_a_number(field, record, records)) names.push_back(field.column.name);
    }
    if (names.empty()) continue;
    lines.push_back(record.name + ": " + joined(names, ", ") +
                    (names.size() == 1 ? " is" : " are") +
                    " not a number in this file: the run is wrecked, or the file was made by an "
                    "older version or edited; do not use it, run it again");
  }
  return lines;
}

std::vector<std::string> lines_of_bad_rows(const Hdf5File& file,
                                           std::span<const RunRecord> records) {
  std::vector<std::string> lines;
  for (const char* name : {"/pictures/psnr_to_full", "/pictures/latent_mse_to_full",
                           "/timing/unet_s", "/timing/total_s"}) {
    if (!file.has(name)) continue;
    const at::Tensor values = file.read(name);
    if (values.dim() != 2 || values.size(0) != static_cast<std::int64_t>(records.size())) continue;
    for (std::int64_t run = 0; run < values.size(0); ++run) {
      const std::int64_t bad = values[run].isnan().sum().item<std::int64_t>();
      // Whole rows: lines_of_no_numbers.
      if (bad == 0 || bad == values.size(1)) continue;
      lines.push_back(records[static_cast<std::size_t>(run)].name + ": " + std::to_string(bad) +
                      " of " + std::to_string(values.size(1)) + " values of " + name +
                      " are not a number in this file; do not use the run");
    }
  }
  return lines;
}

bool is_uncertain(const RunRecord& record) {
  const double width = record.unet_speedup_high - record.unet_speedup_low;
  return !(width <= kWidest * record.unet_speedup);
}

std::string line_of_uncertain(std::span<const RunRecord> records) {
  std::vector<std::string> names;
  std::size_t more = 0;
  for (const RunRecord& record : records) {
    if (record.baseline || !std::isfinite(record.unet_speedup_low) || !is_uncertain(record))
      continue;
    if (names.size() < kMostNamed) {
      names.push_back(speedup_text(record));
    } else {
      ++more;
    }
  }
  if (names.empty()) return "";
  return "not certain, the interval is wider than a tenth of the speedup: " + joined(names, ", ") +
         (more > 0 ? " and " + std::to_string(more) + " more" : std::string()) +
         "; measure again on a quieter machine, with more timing rounds, or on processors of its "
         "own (cpus:)";
}

std::string line_of_disturbed(const Hdf5File& file) {
  const std::vector<double> steal = round_facts(file, "steal_share");
  const std::vector<double> others = round_facts(file, "others_share");
  const std::vector<double> clock = round_facts(file, "processor_mhz");
  const double usual_clock = median_of_finite(clock);
  const std::size_t rounds = std::max({steal.size(), others.size(), clock.size()});
  std::vector<std::string> lines;
  std::size_t disturbed = 0;
  for (std::size_t i = 0; i < rounds; ++i) {
    std::vector<std::string> said;
    if (i < steal.size() && steal[i] > kSteal) {
      said.push_back(
          printed("%.1f%% of the cores' time was stolen by a hypervisor", 100 * steal[i]));
    }
    if (i < others.size() && others[i] > kOthers) {
      said.push_back(printed("other processes took %.0f%% of the cores' time", 100 * others[i]));
    }
    if (i < clock.size() && std::abs(clock[i] / usual_clock - 1) > kClock) {
      said.push_back(
          printed("the clock was %+.0f%% from the median", 100 * (clock[i] / usual_clock - 1)));
    }
    if (said.empty()) continue;
    ++disturbed;
    if (lines.size() < kMostNamed) {
      lines.push_back("round " + std::to_string(i + 1) + ": " + joined(said, "; "));
    }
  }
  if (disturbed == 0) return "";
  return "disturbed: during " + std::to_string(disturbed) + " of " + std::to_string(rounds) +
         " rounds the machine did something else (" + joined(lines, ". ") +
         (disturbed > lines.size() ? ", ..." : "") + ")";
}

}  // namespace fdbench
