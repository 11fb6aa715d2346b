// A network that a user brings to judge pictures with: any TorchScript file.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <string>

#include "metrics/judged_set.h"
#include "metrics/script_network.h"

namespace fdbench {

/// `FeatureNetwork::hash` of a file that need not be loaded for it. Throws a usage error where it
/// is missing.
std::string feature_network_hash(const std::filesystem::path& path,
                                 const PictureProtocol& protocol);

/// Runs code of the file: only ever loaded where the user names it. The call is net(x) with x
/// [n, 3, h, w]; where forward has an argument `return_features` (the usual
/// inception-2015-12-05.pt) it is set. The result is features [n, d], or a feature map [n, c, h,
/// w]: its mean over the pixels, and spatial features of its first 7 channels as in
/// guided-diffusion's evaluator, or a tuple (features, spatial, logits) or a dictionary with these
/// names.
class FeatureNetwork {
 public:
  /// Throws a usage error where the file is missing or no TorchScript.
  FeatureNetwork(const std::filesystem::path& path, PictureProtocol protocol);
  /// pictures: [n, h, w, 3] uint8.
  Features operator()(const at::Tensor& pictures) const;
  /// pictures: [h, w, 3] uint8 each; with `clean` they may differ in size.
  Features operator()(at::TensorList pictures) const;
  /// Hash of the file and the protocol.
  const std::string& hash() const { return hash_; }

 private:
  ScriptNetwork network_;
  bool asks_for_features_;
  std::string hash_;
  PictureProtocol protocol_;
};

}  // namespace fdbench
