#include "judging/picture_source.h"

#include <algorithm>
#include <fstream>
#include <utility>
#include <variant>

#include "core/error.h"
#include "judging/picture_folder.h"
#include "pictures/picture_file.h"
#include "results/hdf5.h"
#include "results/result_reader.h"

namespace fdbench {
namespace {

namespace fs = std::filesystem;

/// guided-diffusion's name
constexpr const char* kPictures = "arr_0";
/// How such files begin.
const std::string kHdf5 = "\x89HDF\r\n\x1a\n";

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

PictureSource PictureSource::open(const PicturePath& where) {
  const fs::path& path = where.path;
  PictureSource source(path);
  const Place place{path.string()};
  // The folder of an unfinished sweep is told as that by the reader of result files.
  const bool is_unfinished = path.extension() == ".units";
  if (fs::is_directory(path) && !is_unfinished) {
    source.open_folder(where.recursive);
    return source;
  }
  if (!is_unfinished && !is_hdf5(path)) {
    if (!picture_kind(path).empty()) {
      throw usage_error(place, "is one picture; a folder of pictures is wanted");
    }
    return of_arrays(NpzFile(path));
  }
  const ResultSummary summary = read_summary(path);
  check_is_trained(summary, place);
  const std::int64_t index = run_named(summary.runs, where.run, place);
  const Hdf5File file = Hdf5File::open(path);
  source.pictures_ = file.read("/pictures/images")[index].contiguous();
  if (source.count() == 0) {
    throw usage_error(place, "kept no pictures ('pictures: {keep: 0}' in its config)");
  }
  source.captions_ = captions_in(file, source.count());
  return source;
}

void PictureSource::open_folder(bool recursive) {
  names_ = pictures_in(path_, recursive);
  for (const std::string& name : names_) sizes_.push_back(picture_size(path_ / name));
}

bool PictureSource::is_hdf5(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string first(kHdf5.size(), '\0');
  file.read(first.data(), static_cast<std::streamsize>(first.size()));
  return path.extension() == ".h5" || first == kHdf5;
}

bool PictureSource::holds_pictures(const NpzFile& file) {
  return file.contains(kPictures) && file.shape(kPictures).size() != 2;
}

PictureSource PictureSource::of_arrays(const NpzFile& file) {
  const Place place{file.path().string()};
  if (!holds_pictures(file)) throw usage_error(place, "holds no pictures ('arr_0')");
  const std::vector<std::int64_t> shape = file.shape(kPictures);
  PictureSource source(file.path());
  const std::string which = "array 'arr_0' has shape " + c10::str(at::IntArrayRef(shape));
  const std::string wanted = "; pictures must be [n, h, w, 3] of uint8";
  if (shape.size() == 4 && shape[1] == 3 && shape[3] != 3) {
    throw usage_error(place, which + wanted + ": transpose(0, 2, 3, 1)");
  }
  if (shape.size() != 4 || shape[3] != 3 || shape[0] == 0) throw usage_error(place, which + wanted);
  source.pictures_ = file.read(kPictures);
  const at::ScalarType dtype = source.pictures_.scalar_type();
  if (dtype == at::kByte) return source;
  throw usage_error(place, which + " of " + at::toString(dtype) + wanted);
}

std::int64_t PictureSource::count() const {
  return pictures_.defined() ? pictures_.size(0) : static_cast<std::int64_t>(names_.size());
}

PixelSize PictureSource::size(std::int64_t index) const {
  if (pictures_.defined()) return {pictures_.size(1), pictures_.size(2)};
  return sizes_[static_cast<std::size_t>(index)];
}

std::string PictureSource::name(std::int64_t index) const {
  return names_.empty() ? "picture " + std::to_string(index)
                        : names_[static_cast<std::size_t>(index)];
}

void PictureSource::reorder(const std::vector<std::size_t>& order) {
  const std::vector<std::string> names = std::exchange(names_, {});
  const std::vector<PixelSize> sizes = std::exchange(sizes_, {});
  for (const std::size_t from : order) {
    names_.push_back(names[from]);
    sizes_.push_back(sizes[from]);
  }
}

std::vector<at::Tensor> PictureSource::next(std::int64_t wanted) {
  std::vector<at::Tensor> batch;
  for (; wanted > 0 && position_ < count(); --wanted, ++position_) {
    batch.push_back(pictures_.defined() ? pictures_[position_]
                                        : load_picture(path_ / name(position_)));
  }
  return batch;
}

std::vector<std::pair<std::size_t, std::size_t>> runs_of_a_size(
    const std::vector<at::Tensor>& pictures) {
  std::vector<std::pair<std::size_t, std::size_t>> runs;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    if (i > 0 && pictures[i].sizes() == pictures[i - 1].sizes()) {
      ++runs.back().second;
    } else {
      runs.emplace_back(i, 1);
    }
  }
  return runs;
}

}  // namespace fdbench
