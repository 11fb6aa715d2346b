#include "cli/picture_source.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "core/error.h"
#include "io/picture_file.h"
#include "results/hdf5.h"
#include "results/result_reader.h"

namespace fdbench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPictures = "arr_0";  // guided-diffusion's name

std::vector<fs::path> pictures_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file() && is_picture_name(entry.path())) files.push_back(entry.path());
  }
  if (files.empty())
    throw usage_error({folder.string()}, "the folder holds no PNG or JPEG pictures");
  std::sort(files.begin(), files.end());
  return files;
}

/// Index of the run; its name may be left out where there is one run alone.
std::int64_t run_named(const std::vector<RunRecord>& runs, const std::string& name,
                       const Place& place) {
  std::vector<std::string> names;
  for (const RunRecord& run : runs) names.push_back(run.name);
  if (name.empty() && names.size() == 1) return 0;
  if (name.empty()) {
    throw usage_error(place, "holds " + std::to_string(names.size()) +
                                 " runs: name one, such as --run '" + names.front() + "'");
  }
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    throw usage_error(place, "has no run named '" + name + "'" + advice(name, names));
  }
  return found - names.begin();
}

void check_is_trained(const ResultSummary& summary, const Place& place) {
  const auto synthetic = summary.attributes.find("synthetic");
  if (synthetic != summary.attributes.end() && synthetic->second == "1") {
    throw usage_error(place, "is of a model with random weights: its pictures mean nothing");
  }
}

/// Of the first `count` prompts.
std::vector<std::string> captions_in(const Hdf5File& file, std::int64_t count) {
  std::vector<std::string> captions;
  const RecordTable prompts = file.read_table("/prompts");
  for (std::size_t c = 0; c < prompts.columns.size(); ++c) {
    if (prompts.columns[c].name != "caption") continue;
    for (const auto& row : prompts.rows) captions.push_back(std::get<std::string>(row[c]));
  }
  captions.resize(static_cast<std::size_t>(count));
  return captions;
}

}  // namespace

PictureSource PictureSource::open(const fs::path& path, const std::string& run) {
  PictureSource source(path);
  if (path.extension() == ".npz") {
    const NamedArrays arrays = load_npz(path);
    if (are_in(arrays)) return of_arrays(path, arrays);
    throw usage_error({path.string()}, "holds no pictures ('arr_0')");
  }
  if (path.extension() != ".h5" && path.extension() != ".units") {
    source.files_ = pictures_in(path);
    return source;
  }
  const Place place{path.string()};
  const ResultSummary summary = read_summary(path);
  check_is_trained(summary, place);
  const std::int64_t index = run_named(summary.runs, run, place);
  const Hdf5File file = Hdf5File::open(path);
  source.pictures_ = file.read("/pictures/images")[index].contiguous();
  if (source.count() == 0) {
    throw usage_error(place, "kept no pictures ('pictures: {keep: 0}' in its config)");
  }
  source.captions_ = captions_in(file, source.count());
  return source;
}

bool PictureSource::are_in(const NamedArrays& arrays) {
  return arrays.contains(kPictures) && !arrays.contains("features") && !arrays.contains("mu");
}

PictureSource PictureSource::of_arrays(const fs::path& path, const NamedArrays& arrays) {
  PictureSource source(path);
  source.pictures_ = arrays.at(kPictures);
  const at::Tensor& pictures = source.pictures_;
  if (pictures.dim() == 4 && pictures.size(3) == 3 && pictures.scalar_type() == at::kByte &&
      pictures.size(0) > 0) {
    return source;
  }
  throw usage_error({path.string()}, "array 'arr_0' has shape " + c10::str(pictures.sizes()) +
                                         " of " + at::toString(pictures.scalar_type()) +
                                         "; pictures must be [n, h, w, 3] of uint8");
}

std::int64_t PictureSource::count() const {
  return pictures_.defined() ? pictures_.size(0) : static_cast<std::int64_t>(files_.size());
}

at::Tensor PictureSource::next_file() {
  const fs::path& file = files_[static_cast<std::size_t>(position_++)];
  const at::Tensor picture = load_picture(file);
  if (shape_.empty()) shape_ = picture.sizes().vec();
  if (picture.sizes() != shape_) {
    throw usage_error({file.string()}, "is " + c10::str(picture.sizes()) + ", but " +
                                           files_[0].filename().string() + " is " +
                                           c10::str(at::IntArrayRef(shape_)) +
                                           " (height, width, channels)");
  }
  return picture;
}

at::Tensor PictureSource::next(std::int64_t wanted) {
  const std::int64_t taken = std::min(wanted, count() - position_);
  if (taken == 0) return {};
  if (pictures_.defined()) {
    position_ += taken;
    return pictures_.narrow(0, position_ - taken, taken);
  }
  std::vector<at::Tensor> batch;
  for (std::int64_t i = 0; i < taken; ++i) batch.push_back(next_file());
  return at::stack(batch);
}

}  // namespace fdbench
