// A sweep that was begun and whose result is not there yet: its units stand in a folder beside it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace fdbench {

/// `<out>.units`
std::filesystem::path unit_folder_path(const std::filesystem::path& output);

/// True for the file of a complete unit, by its name.
bool is_unit_name(const std::filesystem::path& path);

/// Name of the file in the folder that says how many units the sweep has.
inline constexpr const char* kPlanName = "plan.json";

/// Writes it; faults do not matter, it is there for messages.
void write_plan_file(const std::filesystem::path& folder, std::size_t num_units);

/// "is unfinished: 4 of 66 work units are complete in OUT.units, and the same `fdbench run` goes on
/// from there"; "" where no such folder is. path: of the result, or of the folder.
std::string unfinished_text(const std::filesystem::path& path);

}  // namespace fdbench
