#include "metrics/feature_network.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/hash.h"
#include "io/file_mapping.h"

namespace fdbench {
namespace {

constexpr std::int64_t kSpatialChannels = 7;
constexpr const char* kReturnFeatures = "return_features";

/// A feature map becomes pooled and spatial features.
void take(Features& features, const at::Tensor& output) {
  if (output.dim() == 4) {
    features.spatial = output.narrow(1, 0, std::min(kSpatialChannels, output.size(1))).flatten(1);
    features.pooled = output.mean({2, 3});
  } else {
    features.pooled = output.flatten(1);
  }
}

/// What the network says: features, a tuple (features, spatial, logits), or a dictionary.
Features features_of(const c10::IValue& output) {
  Features features;
  if (output.isTensor()) {
    take(features, output.toTensor());
  } else if (output.isTuple()) {
    const auto& parts = output.toTupleRef().elements();
    take(features, parts.at(0).toTensor());
    if (parts.size() > 1) features.spatial = parts[1].toTensor().flatten(1);
    if (parts.size() > 2) features.logits = parts[2].toTensor();
  } else {
    const auto dictionary = output.toGenericDict();
    take(features, dictionary.at("features").toTensor());
    if (dictionary.contains("spatial")) {
      features.spatial = dictionary.at("spatial").toTensor().flatten(1);
    }
    if (dictionary.contains("logits")) features.logits = dictionary.at("logits").toTensor();
  }
  return features;
}

}  // namespace

std::string feature_network_hash(const std::filesystem::path& path,
                                 const PictureProtocol& protocol) {
  const FileMapping file(path);
  return content_hash(content_hash(file.data(), file.size()) + protocol.text());
}

FeatureNetwork::FeatureNetwork(const std::filesystem::path& path, PictureProtocol protocol)
    : network_(path),
      asks_for_features_(network_.has_argument(kReturnFeatures)),
      hash_(feature_network_hash(path, protocol)),
      protocol_(std::move(protocol)) {}

Features FeatureNetwork::operator()(const at::Tensor& pictures) const {
  return (*this)(pictures.unbind(0));
}

Features FeatureNetwork::operator()(at::TensorList pictures) const {
  const c10::InferenceMode inference;
  const at::Tensor x = network_input(pictures, protocol_);
  std::unordered_map<std::string, c10::IValue> named;
  if (asks_for_features_) named[kReturnFeatures] = true;
  const c10::IValue output = network_.forward({x}, named);
  Features features;
  try {
    features = features_of(output);
  } catch (const std::exception& error) {
    throw usage_error({network_.path()}, "gives no features: " + first_line(error.what()));
  }
  if (features.pooled.dim() != 2 || features.pooled.size(0) != x.size(0)) {
    throw usage_error({network_.path()}, "gives features " + c10::str(features.pooled.sizes()) +
                                             " for " + std::to_string(x.size(0)) + " pictures");
  }
  return features;
}

}  // namespace fdbench
