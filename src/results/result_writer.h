// Writes the one result file of a sweep, array by array, and shows it under its name when it is
// complete.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "results/hdf5.h"
#include "results/run_fields.h"

namespace fdbench {

/// Length of each axis letter of the dataset table.
using AxisSizes = std::map<char, std::int64_t>;

/// The file grows under a temporary name; without `commit` that one is removed.
class ResultWriter {
 public:
  /// chunk: length of a compressed chunk along an axis; axes that are not named are whole in a
  /// chunk, runs are 1.
  ResultWriter(std::filesystem::path path, AxisSizes sizes, AxisSizes chunk);
  ~ResultWriter();
  ResultWriter(const ResultWriter&) = delete;
  ResultWriter& operator=(const ResultWriter&) = delete;

  void set_attribute(const std::string& name, const Attribute& value);
  /// A table such as /prompts.
  void write_table(const std::string& name, const RecordTable& table);
  void write_runs(std::span<const RunRecord> records);
  /// Makes an array of the dataset table, filled with what stands for "not measured".
  void create(const std::string& dataset);
  /// Writes a box of it that begins at `start`.
  void write(const std::string& dataset, const std::vector<std::int64_t>& start,
             const at::Tensor& values);
  /// Scales of axis positions: names, or 0, 1, 2, ... where there are none.
  void write_scale(char axis, const std::vector<std::string>& names = {});
  /// Attaches the scales, closes, fsync, rename, fsync of the folder.
  void commit();

 private:
  void attach_scales();
  /// Runs an action; the temporary name in its fault becomes the file's.
  template <typename Action>
  void guarded(const Action& action);

  std::filesystem::path path_, temporary_;
  AxisSizes sizes_, chunk_;
  std::vector<std::string> created_;
  Hdf5File file_;
  bool committed_ = false;
};

/// Name under which the file of `path` grows.
std::filesystem::path temporary_result_path(const std::filesystem::path& path);

}  // namespace fdbench
