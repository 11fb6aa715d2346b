#include "results/unfinished_sweep.h"

#include <fstream>
#include <nlohmann/json.hpp>

namespace fdbench {
namespace {

constexpr const char* kEnding = ".units";

/// 0: not known.
std::size_t planned_units(const std::filesystem::path& folder) {
  std::ifstream file(folder / kPlanName);
  const nlohmann::json plan = nlohmann::json::parse(file, nullptr, false);
  const auto found = plan.is_object() ? plan.find("units") : plan.end();
  return found != plan.end() && found->is_number_unsigned() ? found->get<std::size_t>() : 0;
}

}  // namespace

std::filesystem::path unit_folder_path(const std::filesystem::path& output) {
  return output.string() + kEnding;
}

bool is_unit_name(const std::filesystem::path& path) {
  return path.extension() == ".h5" && path.filename().string()[0] != '.';
}

void write_plan_file(const std::filesystem::path& folder, std::size_t num_units) {
  std::ofstream(folder / kPlanName) << nlohmann::json{{"units", num_units}};
}

std::string unfinished_text(const std::filesystem::path& path) {
  const bool is_folder = path.extension() == kEnding;
  const std::filesystem::path folder = is_folder ? path : unit_folder_path(path);
  std::error_code fault;
  if (!std::filesystem::is_directory(folder, fault)) return "";
  std::size_t complete = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder, fault)) {
    complete += is_unit_name(entry.path());
  }
  const std::size_t planned = planned_units(folder);
  return std::string(is_folder ? "is the folder of an unfinished sweep: "
                               : "is not there yet, the sweep is unfinished: ") +
         std::to_string(complete) +
         (planned > 0 ? " of " + std::to_string(planned) : std::string()) +
         " work units are complete in " + folder.string() +
         "; the same `fdbench run` goes on from there";
}

}  // namespace fdbench
