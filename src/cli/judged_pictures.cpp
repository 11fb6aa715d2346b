#include "cli/judged_pictures.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/progress.h"
#include "io/npz.h"
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

Features joined(const std::vector<Features>& parts) {
  std::vector<at::Tensor> pooled, spatial, logits;
  for (const Features& part : parts) {
    pooled.push_back(part.pooled);
    if (part.spatial.defined()) spatial.push_back(part.spatial);
    if (part.logits.defined()) logits.push_back(part.logits);
  }
  const auto cat = [](const std::vector<at::Tensor>& rows) {
    return rows.empty() ? at::Tensor() : at::cat(rows, 0);
  };
  return {cat(pooled), cat(spatial), cat(logits)};
}

/// Pictures [n, h, w, 3] as a file of guided-diffusion holds them; undefined for another file.
at::Tensor pictures_of(const fs::path& path) {
  const NamedArrays arrays = load_npz(path);
  const auto found = arrays.find(kPictures);
  if (found == arrays.end() || arrays.contains("features") || arrays.contains("mu")) return {};
  const at::Tensor& pictures = found->second;
  if (pictures.dim() == 4 && pictures.size(3) == 3 && pictures.scalar_type() == at::kByte &&
      pictures.size(0) > 0) {
    return pictures;
  }
  throw usage_error({path.string()}, "array 'arr_0' has shape " + c10::str(pictures.sizes()) +
                                         " of " + at::toString(pictures.scalar_type()) +
                                         "; pictures must be [n, h, w, 3] of uint8");
}

struct RecordedPictures {
  at::Tensor pictures;  // [n, h, w, 3] uint8
  std::vector<std::string> captions;
};

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

/// The kept pictures of one run of a sweep.
RecordedPictures recorded_pictures(const fs::path& path, const std::string& run) {
  const Place place{path.string()};
  const ResultSummary summary = read_summary(path);
  const auto synthetic = summary.attributes.find("synthetic");
  if (synthetic != summary.attributes.end() && synthetic->second == "1") {
    throw usage_error(place, "is of a model with random weights: its pictures mean nothing");
  }
  const std::int64_t index = run_named(summary.runs, run, place);
  const Hdf5File file = Hdf5File::open(path);
  RecordedPictures recorded{file.read("/pictures/images")[index].contiguous(), {}};
  if (recorded.pictures.size(0) == 0) {
    throw usage_error(place, "kept no pictures ('pictures: {keep: 0}' in its config)");
  }
  const RecordTable prompts = file.read_table("/prompts");
  for (std::size_t c = 0; c < prompts.columns.size(); ++c) {
    if (prompts.columns[c].name != "caption") continue;
    for (const auto& row : prompts.rows) {
      recorded.captions.push_back(std::get<std::string>(row[c]));
    }
  }
  recorded.captions.resize(static_cast<std::size_t>(recorded.pictures.size(0)));
  return recorded;
}

}  // namespace

void add_options(CLI::App& command, JudgeNetworkOptions& options) {
  command.add_option("--features", options.network,
                     "Network that looks at pictures: a TorchScript file (it runs code: use only "
                     "files that you trust)");
  command.add_option("--clip", options.clip,
                     "CLIPModel folder in transformers' layout: its embeddings are the features "
                     "where --features names none");
  command
      .add_option("--resize", options.protocol.resize,
                  "legacy: pictures as they are, the network resizes; clean: Pillow's bicubic "
                  "filter to --size, as clean-fid")
      ->check(CLI::IsMember({"legacy", "clean"}))
      ->capture_default_str();
  command.add_option("--size", options.protocol.size, "Side of a picture after --resize clean")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command
      .add_option("--input", options.protocol.input,
                  "What the network takes: uint8 (0 to 255) or float (0 to 1)")
      ->check(CLI::IsMember({"uint8", "float"}))
      ->capture_default_str();
  command.add_option("--batch", options.batch, "Pictures at a time")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
}

/// Shows pictures to the networks, batch by batch, and collects what they see.
class JudgedPictures::Looker {
 public:
  explicit Looker(const JudgedPictures& judges) : judges_(judges) {}

  /// pictures: [n, h, w, 3] uint8.
  void look(const at::Tensor& pictures) {
    if (judges_.clip_) embeds_.push_back(judges_.clip_->image_embeds(pictures));
    parts_.push_back(judges_.network_ ? (*judges_.network_)(pictures)
                                      : Features{embeds_.back(), {}, {}});
  }

  LookedAt finish(const fs::path& path) const {
    const std::string& hash = judges_.network_ ? judges_.network_->hash() : judges_.clip_->hash();
    return {judged_set(path.string(), joined(parts_), hash),
            embeds_.empty() ? at::Tensor() : at::cat(embeds_, 0)};
  }

 private:
  const JudgedPictures& judges_;
  std::vector<Features> parts_;
  std::vector<at::Tensor> embeds_;
};

void JudgedPictures::load_networks(const fs::path& path) {
  if (options_.network.empty() && options_.clip.empty()) {
    throw usage_error({path.string()},
                      "holds pictures: name the network that looks at them with --features, or "
                      "--clip");
  }
  if (!network_ && !options_.network.empty()) {
    network_.emplace(options_.network, options_.protocol);
  }
  if (!options_.clip.empty()) clip();
}

const ClipJudge& JudgedPictures::clip() {
  if (options_.clip.empty()) throw usage_error("this metric needs a CLIPModel folder: --clip DIR");
  if (!clip_) clip_.emplace(options_.clip);
  return *clip_;
}

LookedAt JudgedPictures::open(const fs::path& path, const std::string& run) {
  if (path.extension() == ".h5") {
    const RecordedPictures recorded = recorded_pictures(path, run);
    load_networks(path);
    Looker looker(*this);
    for (const at::Tensor& batch : recorded.pictures.split(options_.batch)) looker.look(batch);
    LookedAt seen = looker.finish(path);
    seen.captions = recorded.captions;
    return seen;
  }
  if (!fs::is_directory(path)) {
    const at::Tensor pictures = pictures_of(path);
    if (!pictures.defined()) return {load_judged_set(path), {}};
    load_networks(path);
    Looker looker(*this);
    for (const at::Tensor& batch : pictures.split(options_.batch)) looker.look(batch);
    return looker.finish(path);
  }
  const std::vector<fs::path> files = pictures_in(path);
  load_networks(path);
  Looker looker(*this);
  std::vector<at::Tensor> batch;
  at::Tensor first;
  Progress progress(stderr, true, static_cast<double>(files.size()), 0);
  for (std::size_t i = 0; i < files.size(); ++i) {
    batch.push_back(load_picture(files[i]));
    if (!first.defined()) first = batch.back();
    if (batch.back().sizes() != first.sizes()) {
      throw usage_error({files[i].string()}, "is " + c10::str(batch.back().sizes()) + ", but " +
                                                 files[0].filename().string() + " is " +
                                                 c10::str(first.sizes()) +
                                                 " (height, width, channels)");
    }
    if (batch.size() < static_cast<std::size_t>(options_.batch) && i + 1 < files.size()) continue;
    looker.look(at::stack(batch));
    batch.clear();
    progress.show(static_cast<double>(i + 1), "pictures looked at");
  }
  return looker.finish(path);
}

}  // namespace fdbench
