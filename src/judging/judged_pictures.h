// Where a judge's features come from: a file of features, or pictures through a network.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/progress.h"
#include "judging/picture_source.h"
#include "metrics/clip_judge.h"
#include "metrics/feature_network.h"
#include "metrics/judged_set.h"

namespace fdbench {

struct JudgeNetworkOptions {
  /// A TorchScript file; "": none.
  std::filesystem::path network;
  /// A CLIPModel folder; "": none.
  std::filesystem::path clip;
  PictureProtocol protocol;
  int batch = 32;
  /// Folders with their subfolders.
  bool recursive = false;
};

/// A path that is opened; its pictures are not read yet.
class JudgeInput {
 public:
  /// Throws what PictureSource::open and NpzFile throw.
  explicit JudgeInput(const PicturePath& where);

  const std::filesystem::path& path() const { return path_; }
  /// An .npz or .npy file that holds features or statistics; none: pictures.
  const NpzFile* arrays() const { return arrays_ ? &*arrays_ : nullptr; }
  bool has_features() const { return arrays_ && !features_array(*arrays_).empty(); }
  bool has_pictures() const {
    return pictures_ || (arrays_ && PictureSource::holds_pictures(*arrays_));
  }
  /// True where what is wanted comes from pictures through a network.
  bool needs_network(const WantedArrays& wanted) const;
  /// Throws a usage error where there are none.
  PictureSource& pictures();

 private:
  std::filesystem::path path_;
  std::optional<NpzFile> arrays_;
  std::optional<PictureSource> pictures_;
};

/// A set's features, and CLIP's embeddings of its pictures.
struct ExtractedFeatures {
  JudgedSet set;
  /// [n, d]; undefined without CLIP, and for files of features.
  at::Tensor image_embeds = {};
};

/// Features of sets; loads the networks when the first pictures need them.
class JudgedPictures {
 public:
  /// write_progress: of what the networks look at.
  explicit JudgedPictures(const JudgeNetworkOptions& options, ProgressWriter write_progress = {})
      : options_(options), write_progress_(std::move(write_progress)) {}

  bool has_network() const { return !options_.network.empty() || !options_.clip.empty(); }
  /// Throws a usage error where no network is named for pictures of that path.
  void check_network(const std::filesystem::path& path) const;
  /// Hash of the network that gives the features, which need not be loaded for it.
  std::string network_hash() const;

  /// Features are the network's, or without one CLIP's embeddings; those that a file holds are
  /// read. What the network does not give and is wanted, or a dimension other than `other`'s, is a
  /// usage error after the first pictures. other: the set to compare with, or none.
  ExtractedFeatures extract(JudgeInput& input, const WantedArrays& wanted,
                            const JudgedSet* other = nullptr);
  const ProgressWriter& write_progress() const { return write_progress_; }
  /// CLIP; throws a usage error without --clip.
  const ClipJudge& clip();

 private:
  class FeatureCollector;
  ExtractedFeatures extract_from_pictures(PictureSource source, const WantedArrays& wanted,
                                          const JudgedSet* other);
  void load_networks(const std::filesystem::path& path);

  JudgeNetworkOptions options_;
  ProgressWriter write_progress_;
  std::optional<FeatureNetwork> network_;
  std::optional<ClipJudge> clip_;
};

}  // namespace fdbench
