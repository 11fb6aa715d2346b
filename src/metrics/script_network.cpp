#include "metrics/script_network.h"

#include <torch/script.h>

#include "core/error.h"
#include "io/file_mapping.h"
#include "pictures/resize.h"

namespace fdbench {
namespace {

std::string shapes_of(const std::vector<at::Tensor>& inputs) {
  std::string text;
  for (const at::Tensor& input : inputs) {
    text.append(text.empty() ? "" : ", ").append(c10::str(input.sizes()));
  }
  return text;
}

}  // namespace

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string PictureProtocol::text() const {
  std::string text = "resize=" + resize;
  if (resize == "clean") text += " size=" + std::to_string(size);
  return text + " input=" + input;
}

at::Tensor network_input(at::TensorList pictures, const PictureProtocol& protocol) {
  const c10::InferenceMode inference;
  at::Tensor batch;
  if (protocol.resizes()) {
    std::vector<at::Tensor> resized;
    for (const at::Tensor& picture : pictures) {
      resized.push_back(resize_float(picture, protocol.size, protocol.size, Filter::kBicubic));
    }
    batch = at::stack(resized).clamp(0, 255);
  } else {
    batch = at::stack(pictures);
  }
  const at::Tensor x = batch.permute({0, 3, 1, 2}).contiguous();
  return protocol.input == "float" ? x.to(at::kFloat) / 255 : x;
}

struct ScriptNetwork::Module {
  // LibTorch's forward is not const.
  mutable torch::jit::Module module;
};

ScriptNetwork::ScriptNetwork(const std::filesystem::path& path)
    : module_(std::make_unique<Module>()), path_(path.string()) {
  // A file that is missing has a message of its own.
  const FileMapping file(path);
  try {
    module_->module = torch::jit::load(path.string(), at::kCPU);
    module_->module.eval();
    // A file without it is no network.
    module_->module.get_method("forward");
  } catch (const c10::Error& error) {
    throw usage_error({path_},
                      "is no TorchScript network: " + first_line(error.what_without_backtrace()));
  }
}

ScriptNetwork::~ScriptNetwork() = default;

bool ScriptNetwork::has_argument(const std::string& name) const {
  for (const c10::Argument& argument :
       module_->module.get_method("forward").function().getSchema().arguments()) {
    if (argument.name() == name) return true;
  }
  return false;
}

c10::IValue ScriptNetwork::forward(
    const std::vector<at::Tensor>& inputs,
    const std::unordered_map<std::string, c10::IValue>& named) const {
  const c10::InferenceMode inference;
  try {
    return module_->module.forward(std::vector<c10::IValue>(inputs.begin(), inputs.end()), named);
  } catch (const std::exception& error) {
    throw usage_error({path_}, "cannot be run on pictures " + shapes_of(inputs) + ": " +
                                   first_line(error.what()));
  }
}

}  // namespace fdbench
