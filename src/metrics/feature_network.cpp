#include "metrics/feature_network.h"

#include <torch/script.h>

#include <vector>

#include "core/error.h"
#include "core/hash.h"
#include "io/file_mapping.h"
#include "metrics/resize.h"

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

/// The first line of a message of LibTorch.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

std::string PictureProtocol::text() const {
  std::string text = "resize=" + resize;
  if (resize == "clean") text += " size=" + std::to_string(size);
  return text + " input=" + input;
}

struct FeatureNetwork::Module {
  torch::jit::Module module;
  bool asks_for_features = false;
};

std::string feature_network_hash(const std::filesystem::path& path,
                                 const PictureProtocol& protocol) {
  const FileMapping file(path);
  return content_hash(content_hash(file.data(), file.size()) + protocol.text());
}

FeatureNetwork::FeatureNetwork(const std::filesystem::path& path, PictureProtocol protocol)
    : module_(std::make_unique<Module>()), path_(path.string()), protocol_(std::move(protocol)) {
  hash_ = feature_network_hash(path, protocol_);
  try {
    module_->module = torch::jit::load(path.string(), at::kCPU);
    module_->module.eval();
    for (const c10::Argument& argument :
         module_->module.get_method("forward").function().getSchema().arguments()) {
      module_->asks_for_features |= argument.name() == kReturnFeatures;
    }
  } catch (const c10::Error& error) {
    throw usage_error({path_},
                      "is no TorchScript network: " + first_line(error.what_without_backtrace()));
  }
}

FeatureNetwork::~FeatureNetwork() = default;

Features FeatureNetwork::operator()(const at::Tensor& pictures) const {
  if (protocol_.resizes()) return (*this)(pictures.unbind(0));
  return run(pictures);
}

Features FeatureNetwork::operator()(at::TensorList pictures) const {
  const c10::InferenceMode inference;
  if (!protocol_.resizes()) return run(at::stack(pictures));
  std::vector<at::Tensor> resized;
  for (const at::Tensor& picture : pictures) {
    resized.push_back(resize_float(picture, protocol_.size, protocol_.size, Filter::kBicubic));
  }
  return run(at::stack(resized).clamp(0, 255));
}

Features FeatureNetwork::run(const at::Tensor& pictures) const {
  const c10::InferenceMode inference;
  at::Tensor x = pictures.permute({0, 3, 1, 2}).contiguous();
  if (protocol_.input == "float") x = x.to(at::kFloat) / 255;
  Features features;
  try {
    std::unordered_map<std::string, c10::IValue> named;
    if (module_->asks_for_features) named[kReturnFeatures] = true;
    const c10::IValue output = module_->module.forward({x}, named);
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
  } catch (const std::exception& error) {
    throw usage_error({path_}, "cannot be run on pictures " + c10::str(pictures.sizes()) + ": " +
                                   first_line(error.what()));
  }
  if (features.pooled.dim() != 2 || features.pooled.size(0) != pictures.size(0)) {
    throw usage_error({path_}, "gives features " + c10::str(features.pooled.sizes()) + " for " +
                                   std::to_string(pictures.size(0)) + " pictures");
  }
  return features;
}

}  // namespace fdbench
