// Files that people give in place of a model folder, and how they become one.
#pragma once

#include <filesystem>

#include "core/error.h"

namespace fdbench {

/// True for the endings of files that hold a whole model's weights: .safetensors, .ckpt, ...
bool is_checkpoint_name(const std::filesystem::path& path);

/// The usage error for a file where a model folder is wanted: names what it is (a single-file
/// checkpoint and of what, a LoRA, a learned word, the weights of one part, an archive, ...) and
/// how to get a folder. Throws where the file cannot be read, is damaged, a pointer of Git LFS or a
/// web page.
Error no_folder(const std::filesystem::path& file);

}  // namespace fdbench
