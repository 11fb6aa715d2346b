#include "folders/weight_additions.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/error.h"
#include "core/number_text.h"

namespace fdbench {
namespace {

namespace fs = std::filesystem;

/// In Python, a line that writes the file's tensors as safetensors; words of the A1111 program lie
/// deeper in their files.
std::string conversion(const fs::path& file) {
  fs::path target = file;
  target.replace_extension(".safetensors");
  return "python -c \"import torch, safetensors.torch as s; d = torch.load('" + file.string() +
         "', map_location='cpu', weights_only=True); d = {'emb_params': "
         "d['string_to_param']['*']} if 'string_to_param' in d else d.get('state_dict', d); "
         "s.save_file({k: v.detach().contiguous() for k, v in d.items()}, '" +
         target.string() + "')\"";
}

}  // namespace

std::string addition_name(AdditionKind kind) {
  switch (kind) {
    case AdditionKind::kLora:
      return "lora";
    case AdditionKind::kCustomDiffusion:
      return "custom_diffusion";
    default:
      return "embedding";
  }
}

std::string additions_text(const WeightAdditions& additions) {
  std::string text;
  if (!additions.unet.empty()) text += " + unet " + additions.unet.string();
  for (const WeightAddition& addition : additions.files) {
    text += " + " + addition_name(addition.kind) + " ";
    if (!addition.token.empty()) text += addition.token + "=";
    text += addition.file.string();
    if (addition.scale != 1) text += ":" + exact_number_text(addition.scale);
  }
  return text;
}

std::string additions_json(const WeightAdditions& additions) {
  if (additions.empty()) return "";
  nlohmann::json list = nlohmann::json::array();
  if (!additions.unet.empty()) list.push_back({{"unet", additions.unet.filename().string()}});
  for (const WeightAddition& addition : additions.files) {
    nlohmann::json entry = {{addition_name(addition.kind), addition.file.filename().string()}};
    if (addition.kind == AdditionKind::kLora) entry["scale"] = addition.scale;
    if (!addition.token.empty()) entry["token"] = addition.token;
    list.push_back(std::move(entry));
  }
  return list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void check_addition_file(const WeightAddition& addition) {
  const fs::path& file = addition.file;
  const Place place{file.string()};
  if (!fs::exists(file)) throw usage_error(place, "does not exist");
  if (fs::is_directory(file)) {
    throw usage_error(
        place, "is a folder; wanted is the .safetensors file of a " + addition_name(addition.kind));
  }
  const std::string ending = file.extension().string();
  if (ending == ".safetensors") return;
  for (const char* pickled : {".bin", ".ckpt", ".pt", ".pth"}) {
    if (ending == pickled) {
      throw usage_error(place,
                        "only safetensors are read, this line converts it: " + conversion(file));
    }
  }
  throw usage_error(place, "only .safetensors files are read");
}

}  // namespace fdbench
