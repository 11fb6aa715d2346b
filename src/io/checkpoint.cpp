#include "io/checkpoint.h"

#include <algorithm>
#include <string>
#include <vector>

#include "io/file_mapping.h"
#include "io/model_path.h"
#include "io/safetensors.h"

namespace fdbench {
namespace {

namespace fs = std::filesystem;

/// The network's first weight in the names of the original Stable Diffusion code.
constexpr const char* kFirstWeight = "model.diffusion_model.input_blocks.0.0.weight";
constexpr std::int64_t kLatentChannels = 4;

/// In Python, a line that makes a folder of a single file by diffusers' pipeline `kind`.
std::string conversion(const fs::path& file, const std::string& kind) {
  const std::string name = file.filename().string();
  return "python -c \"from diffusers import " + kind + " as P; P.from_single_file('" + name +
         "').save_pretrained('" + file.stem().string() + "')\"";
}

bool any_with(const std::vector<std::string>& names, const std::vector<std::string>& parts) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return std::any_of(parts.begin(), parts.end(), [&](const std::string& part) {
      return name.find(part) != std::string::npos;
    });
  });
}

/// What a checkpoint in the names of the original code is and how it becomes a folder.
std::string about_checkpoint(const SafetensorsFile& file, const std::vector<std::string>& names) {
  const bool is_xl = any_with(names, {"conditioner.embedders."});
  std::string text =
      "is a single-file checkpoint (the original Stable Diffusion code's names), and "
      "a model folder is wanted; diffusers makes one of it: " +
      conversion(file.path(), is_xl ? "StableDiffusionXLPipeline" : "StableDiffusionPipeline");
  if (file.contains(kFirstWeight) && file.tensor(kFirstWeight).dim() == 4 &&
      file.tensor(kFirstWeight).size(1) != kLatentChannels) {
    text += "; but its network takes " + std::to_string(file.tensor(kFirstWeight).size(1)) +
            " channels: models for inpainting or editing are not supported";
  }
  return text;
}

std::string about_tensors(const fs::path& path) {
  const SafetensorsFile file(path);
  const std::vector<std::string> names = file.names();
  if (any_with(names, {"lora_", ".lora.", "hada_w", "lokr_w"})) {
    return "is a LoRA, which changes a model and is none: give the model's folder, and --lora " +
           path.string() + " beside it (lora: in a config)";
  }
  if (any_with(names, {"joint_blocks.", "double_blocks.", "transformer_blocks.0.attn.to_q",
                       "single_transformer_blocks."}) &&
      !any_with(names, {"down_blocks.", "input_blocks."})) {
    return "is a checkpoint of a transformer (as in SD 3 or FLUX): fdbench runs UNets "
           "(UNet2DConditionModel: Stable Diffusion 1.x, 2.x and XL)";
  }
  if (any_with(names, {"model.diffusion_model.", "first_stage_model.", "cond_stage_model."})) {
    return about_checkpoint(file, names);
  }
  if (names.size() == 1 ||
      (names.size() == 2 && names == std::vector<std::string>{"clip_g", "clip_l"})) {
    return "holds a learned word (textual inversion), no model: give the model's folder, and "
           "--embedding TOKEN=" +
           path.string() + " beside it (embeddings: in a config)";
  }
  return std::string(
             "is a file of weights without its config.json: give the folder that holds "
             "both; ") +
         kModelLayout;
}

}  // namespace

bool is_checkpoint_name(const fs::path& path) {
  const std::string ending = path.extension().string();
  const auto endings = {".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".gguf"};
  return std::find(endings.begin(), endings.end(), ending) != endings.end();
}

Error no_folder(const fs::path& file) {
  const Place place{file.string()};
  // Refuses what only stands for a file.
  const FileMapping content(file);
  const std::string ending = file.extension().string(), name = file.filename().string();
  if (ending == ".safetensors") return usage_error(place, about_tensors(file));
  if (ending == ".gguf") {
    return usage_error(place,
                       "is a GGUF file, made for another program; get the model's diffusers "
                       "folder");
  }
  if (is_checkpoint_name(file)) {
    return usage_error(place,
                       "is a single-file checkpoint, and a model folder is wanted; diffusers "
                       "makes one of it: " +
                           conversion(file, "StableDiffusionPipeline") +
                           " (StableDiffusionXLPipeline for an XL model)");
  }
  if (name == "model_index.json" || name == "config.json" || name == "scheduler_config.json") {
    const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
    return usage_error(place, "is a file of a model folder: give the folder, " + folder.string());
  }
  if (ending == ".zip" || ending == ".tar" || ending == ".gz" || ending == ".tgz") {
    return usage_error(place, "is an archive: unpack it and give the folder");
  }
  return usage_error(place, std::string("is not a folder; ") + kModelLayout);
}

}  // namespace fdbench
