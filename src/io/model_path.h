// From what a user names as a model to the folder that holds it.
#pragma once

#include <filesystem>

namespace fdbench {

/// For messages: what a model folder is.
inline constexpr const char* kModelLayout =
    "a diffusers model folder holds model_index.json and a folder for each part: unet/ "
    "(config.json, diffusion_pytorch_model.safetensors), scheduler/, vae/, text_encoder/, "
    "tokenizer/";

/// The folder `given` itself; of a folder of the Hugging Face cache (models--NAME) the snapshot
/// that refs/main names, or the only one, with a note. Throws a usage error that says what `given`
/// is and how it becomes a folder: nothing there, a name on the Hugging Face Hub, a single-file
/// checkpoint, a LoRA, an archive, a file of a model folder, a pointer of Git LFS, a web page.
std::filesystem::path model_path(const std::filesystem::path& given);

/// Throws the same usage error when `folder`, which holds no part of a model, holds one of those
/// files, or model folders one level down; returns when it holds nothing of the kind.
void refuse_other_contents(const std::filesystem::path& folder);

}  // namespace fdbench
