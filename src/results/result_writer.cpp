#include "results/result_writer.h"

#include <numeric>

#include "core/error.h"
#include "results/checksum_line.h"
#include "results/datasets.h"
#include "results/result_reader.h"
#include "results/unit_file.h"

namespace fdbench {
namespace {

std::vector<std::int64_t> lengths(const std::string& axes, const AxisSizes& sizes) {
  std::vector<std::int64_t> result;
  for (const char axis : axes) result.push_back(axis == '3' ? 3 : sizes.at(axis));
  return result;
}

}  // namespace

std::filesystem::path temporary_result_path(const std::filesystem::path& path) {
  return path.parent_path() / ("." + path.filename().string() + ".partial");
}

template <typename Action>
void ResultWriter::guarded(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    if (error.place().file != temporary_.string()) throw;
    throw error.moved_to({path_.string()});
  }
}

ResultWriter::ResultWriter(std::filesystem::path path, AxisSizes sizes, AxisSizes chunk)
    : path_(std::move(path)),
      temporary_(temporary_result_path(path_)),
      sizes_(std::move(sizes)),
      chunk_(std::move(chunk)),
      file_(Hdf5File::create(temporary_)) {
  chunk_['R'] = 1;
  set_attribute("format", std::string(kFormatName));
  set_attribute("schema_version", std::int64_t{kSchemaVersion});
}

ResultWriter::~ResultWriter() {
  if (committed_) return;
  std::error_code ignored;
  std::filesystem::remove(temporary_, ignored);
}

void ResultWriter::set_attribute(const std::string& name, const Attribute& value) {
  guarded([&] { file_.set_attribute("/", name, value); });
}

void ResultWriter::write_table(const std::string& name, const RecordTable& table) {
  guarded([&] { file_.write_table(name, table); });
}

void ResultWriter::write_runs(std::span<const RunRecord> records) {
  write_table("/runs", to_table(records));
}

void ResultWriter::create(const std::string& dataset) {
  const DatasetInfo& info = dataset_info(dataset);
  ArrayLayout layout;
  layout.dtype = info.dtype;
  layout.shape = lengths(info.axes, sizes_);
  layout.fill = info.fill;
  layout.chunk = layout.shape;
  for (std::size_t i = 0; i < layout.chunk.size(); ++i) {
    const auto found = chunk_.find(info.axes[i]);
    if (found != chunk_.end()) layout.chunk[i] = std::min(layout.chunk[i], found->second);
  }
  const bool empty = std::find(layout.shape.begin(), layout.shape.end(), 0) != layout.shape.end();
  if (empty) layout.chunk.clear();
  guarded([&] {
    file_.create_array(dataset, layout);
    file_.set_attribute(dataset, "units", std::string(info.unit));
    file_.set_attribute(dataset, "help", std::string(info.help));
  });
  created_.push_back(dataset);
}

void ResultWriter::write(const std::string& dataset, const std::vector<std::int64_t>& start,
                         const at::Tensor& values) {
  if (values.numel() == 0) return;
  guarded([&] { file_.write(dataset, start, values.to(dataset_info(dataset).dtype)); });
}

void ResultWriter::write_scale(char axis, const std::vector<std::string>& names) {
  const std::string scale = scale_of_axis(axis);
  const std::string label = scale.substr(scale.rfind('/') + 1);
  guarded([&] {
    if (names.empty()) {
      ArrayLayout layout;
      layout.dtype = at::kLong;
      layout.shape = {sizes_.at(axis)};
      file_.create_array(scale, layout);
      if (sizes_.at(axis) > 0) file_.write(scale, {}, at::arange(sizes_.at(axis), at::kLong));
    } else {
      file_.write_names(scale, names);
    }
    file_.make_scale(scale, label);
  });
}

void ResultWriter::attach_scales() {
  for (const std::string& dataset : created_) {
    const std::string axes = dataset_info(dataset).axes;
    for (std::size_t i = 0; i < axes.size(); ++i) {
      const std::string scale = scale_of_axis(axes[i]);
      if (!scale.empty() && file_.has(scale)) {
        file_.attach_scale(dataset, static_cast<int>(i), scale);
      }
    }
  }
}

void ResultWriter::commit() {
  guarded([&] {
    attach_scales();
    file_.close();
    append_checksum(temporary_, kResultChecksum);
    sync_file(temporary_);
    std::error_code fault;
    std::filesystem::rename(temporary_, path_, fault);
    if (fault) throw runtime_error(Place{path_.string()}, "cannot be replaced: " + fault.message());
  });
  committed_ = true;
  sync_folder(path_.parent_path());
}

}  // namespace fdbench
