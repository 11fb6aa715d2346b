// A Custom Diffusion file: weights of cross attentions in place of the model's.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <string>
#include <vector>

namespace fdbench {

/// A tensor of the UNet and what stands in for it.
struct ReplacedTensor {
  /// In the file.
  std::string key;
  /// diffusers' name of the layer, and its tensor: "weight" or "bias".
  std::string layer, tensor;
  at::Tensor value;
};

/// Reads what diffusers' save_attn_procs writes for CustomDiffusionAttnProcessor:
/// `<attention>.processor.to_k_custom_diffusion.weight` and `to_v_...`, with `to_q_...` and
/// `to_out_custom_diffusion.0.weight`, `.bias` where these were trained. Throws a usage error that
/// names file and key for other keys, keys without values or queries without outputs, values that
/// are not finite and an empty file.
std::vector<ReplacedTensor> read_custom_diffusion(const std::filesystem::path& path);

}  // namespace fdbench
