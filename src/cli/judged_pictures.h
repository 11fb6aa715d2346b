// Where a judge's pictures come from: a file of features, or a folder of pictures that a network
// looks at.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>

#include "metrics/feature_network.h"
#include "metrics/judged_set.h"

namespace fdbench {

struct JudgeNetworkOptions {
  std::filesystem::path network;  // a TorchScript file; "": none
  PictureProtocol protocol;
  int batch = 32;
};
void add_options(CLI::App& command, JudgeNetworkOptions& options);

/// Opens sets; loads the network when the first folder needs it.
class JudgedPictures {
 public:
  explicit JudgedPictures(const JudgeNetworkOptions& options) : options_(options) {}

  /// path: an .npz file (load_judged_set), one that holds pictures under `arr_0` [n, h, w, 3] as
  /// guided-diffusion writes them, or a folder of PNG files in the order of their names. Throws a
  /// usage error for an empty folder, pictures of different sizes, and where the network is
  /// missing.
  JudgedSet open(const std::filesystem::path& path);

 private:
  JudgedSet look_at_folder(const std::filesystem::path& path);
  const FeatureNetwork& network(const std::filesystem::path& path);

  JudgeNetworkOptions options_;
  std::optional<FeatureNetwork> network_;
};

}  // namespace fdbench
