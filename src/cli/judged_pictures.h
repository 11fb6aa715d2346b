// Where a judge's pictures come from: a file of features, or a folder of pictures that a network
// looks at.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/picture_source.h"
#include "metrics/clip_judge.h"
#include "metrics/feature_network.h"
#include "metrics/judged_set.h"

namespace fdbench {

struct JudgeNetworkOptions {
  std::filesystem::path network;  // a TorchScript file; "": none
  std::filesystem::path clip;     // a CLIPModel folder; "": none
  PictureProtocol protocol;
  int batch = 32;
};
void add_options(CLI::App& command, JudgeNetworkOptions& options);

/// A set, and what CLIP saw in its pictures.
struct LookedAt {
  JudgedSet set;
  at::Tensor image_embeds;  // [n, d]; undefined without CLIP, and for files of features
  std::vector<std::string> captions = {};  // of each picture, where a result file knows them
};

/// Opens sets; loads the networks when the first pictures need them.
class JudgedPictures {
 public:
  explicit JudgedPictures(const JudgeNetworkOptions& options) : options_(options) {}

  /// Features are the network's, or without one CLIP's embeddings. path: an .npz file of features
  /// or statistics (load_judged_set), or pictures (PictureSource). Throws what they throw, and a
  /// usage error where the network is missing. run: of a result file; "": its only one.
  LookedAt open(const std::filesystem::path& path, const std::string& run = "");
  /// CLIP; throws a usage error without --clip.
  const ClipJudge& clip();

 private:
  class Looker;
  LookedAt look(PictureSource source);
  void load_networks(const std::filesystem::path& path);

  JudgeNetworkOptions options_;
  std::optional<FeatureNetwork> network_;
  std::optional<ClipJudge> clip_;
};

}  // namespace fdbench
