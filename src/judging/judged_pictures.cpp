#include "judging/judged_pictures.h"

#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "io/npz.h"
#include "metrics/scores.h"
#include "pictures/picture_file.h"

namespace fdbench {
namespace {

namespace fs = std::filesystem;

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

/// Throws a usage error where the network cannot give what is wanted.
void check_features(const Features& features, const WantedArrays& wanted,
                    const PictureSource& source, const JudgedSet* other) {
  const Place place{source.path().string()};
  if (wanted.logits && !features.logits.defined()) {
    throw usage_error(place, "is needs 'logits' of each picture, which the network does not give");
  }
  if (wanted.spatial && !features.spatial.defined()) {
    throw usage_error(place,
                      "sfid needs spatial features of each picture, which the network does not "
                      "give");
  }
  const std::int64_t own = features.pooled.size(1),
                     their = other != nullptr ? dimension_of(*other) : 0;
  if (their == 0 || own == their) return;
  throw usage_error(place, "the network gives " + std::to_string(own) + " features of a picture, " +
                               other->name + " holds " + std::to_string(their) +
                               ": they are of different networks");
}

}  // namespace

JudgeInput::JudgeInput(const PicturePath& where) : path_(where.path) {
  const bool holds_pictures = fs::is_directory(path_) || PictureSource::is_hdf5(path_) ||
                              (fs::exists(path_) && !picture_kind(path_).empty());
  if (!holds_pictures) arrays_.emplace(path_);
  const bool only_pictures = arrays_ && PictureSource::holds_pictures(*arrays_) &&
                             !has_features() && !arrays_->contains("mu") &&
                             !arrays_->contains("mu_s");
  if (only_pictures) {
    pictures_ = PictureSource::of_arrays(*arrays_);
    arrays_.reset();
  }
  if (holds_pictures) pictures_ = PictureSource::open(where);
}

bool JudgeInput::needs_network(const WantedArrays& wanted) const {
  if (!arrays_) return true;
  return wanted.features && !has_features() && has_pictures();
}

PictureSource& JudgeInput::pictures() {
  if (!pictures_) pictures_ = PictureSource::of_arrays(*arrays_);
  return *pictures_;
}

/// Gives pictures to the networks, batch by batch, and collects their features.
class JudgedPictures::FeatureCollector {
 public:
  explicit FeatureCollector(const JudgedPictures& judges) : judges_(judges) {}

  /// first: index of the first picture.
  void add_batch(const std::vector<at::Tensor>& pictures, const PictureSource& source,
                 std::int64_t first) {
    if (judges_.clip_) embeds_.push_back(judges_.clip_->image_embeds(pictures));
    if (!judges_.network_) return add({embeds_.back(), {}, {}}, source, first);
    if (judges_.options_.protocol.resizes()) {
      return add((*judges_.network_)(pictures), source, first);
    }
    for (const auto& [begin, count] : runs_of_a_size(pictures)) {
      add((*judges_.network_)(at::TensorList(pictures).slice(begin, count)), source,
          first + static_cast<std::int64_t>(begin));
    }
  }

  const Features& first() const { return parts_.front(); }

  ExtractedFeatures finish(const PictureSource& source) const {
    const std::string& hash = judges_.network_ ? judges_.network_->hash() : judges_.clip_->hash();
    return {judged_set(source.path().string(), joined(parts_), hash, source.names()),
            embeds_.empty() ? at::Tensor() : at::cat(embeds_, 0)};
  }

 private:
  void add(Features features, const PictureSource& source, std::int64_t picture) {
    parts_.push_back(std::move(features));
    const auto same = [&](const at::Tensor& a, const at::Tensor& b) {
      return !a.defined() || !b.defined() || a.size(1) == b.size(1);
    };
    const Features &now = parts_.back(), &before = parts_.front();
    if (same(now.pooled, before.pooled) && same(now.spatial, before.spatial)) return;
    const auto size = [&](std::int64_t i) {
      return std::to_string(source.size(i).height) + " x " + std::to_string(source.size(i).width);
    };
    throw usage_error({(source.path() / source.name(picture)).string()},
                      "is " + size(picture) + ", but " + source.name(0) + " is " + size(0) +
                          " (height, width), and the network gives other numbers of features for "
                          "other sizes: bring them to one size with --resize clean");
  }

  const JudgedPictures& judges_;
  std::vector<Features> parts_;
  std::vector<at::Tensor> embeds_;
};

void JudgedPictures::check_network(const fs::path& path) const {
  if (has_network()) return;
  throw usage_error({path.string()},
                    "holds pictures: name the network that looks at them with --features, or "
                    "--clip");
}

std::string JudgedPictures::network_hash() const {
  if (!options_.network.empty()) return feature_network_hash(options_.network, options_.protocol);
  return options_.clip.empty() ? "" : clip_judge_hash(options_.clip);
}

void JudgedPictures::load_networks(const fs::path& path) {
  check_network(path);
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

ExtractedFeatures JudgedPictures::extract_from_pictures(PictureSource source,
                                                        const WantedArrays& wanted,
                                                        const JudgedSet* other) {
  load_networks(source.path());
  FeatureCollector collector(*this);
  const auto all = static_cast<double>(source.count());
  Progress progress(write_progress_, all, 0);
  std::int64_t done = 0;
  for (std::vector<at::Tensor> batch; !(batch = source.next(options_.batch)).empty();) {
    collector.add_batch(batch, source, done);
    if (done == 0) check_features(collector.first(), wanted, source, other);
    done += static_cast<std::int64_t>(batch.size());
    progress.show(static_cast<double>(done), "pictures looked at");
  }
  return collector.finish(source);
}

ExtractedFeatures JudgedPictures::extract(JudgeInput& input, const WantedArrays& wanted,
                                          const JudgedSet* other) {
  if (!input.needs_network(wanted)) return {judged_set_of(*input.arrays(), wanted)};
  const NpzFile* file = input.arrays();
  WantedArrays from_network = wanted;
  std::optional<JudgedSet> known;
  if (file != nullptr && (wanted.moments || wanted.spatial)) {
    known = judged_set_of(
        *file, {.features = false, .moments = wanted.moments, .spatial = wanted.spatial});
    from_network.spatial = wanted.spatial && !known->spatial_moments;
  }
  ExtractedFeatures extracted =
      extract_from_pictures(input.pictures(), from_network, known ? &*known : other);
  if (known && known->moments) extracted.set.moments = known->moments;
  if (known && known->spatial_moments) extracted.set.spatial_moments = known->spatial_moments;
  return extracted;
}

}  // namespace fdbench
