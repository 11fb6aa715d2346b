// A LoRA file: low-rank changes of layers.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <string>
#include <vector>

namespace fdbench {

/// A change of one layer: scale x up x down.
struct LoraLayer {
  /// A key of it, for messages.
  std::string key;
  /// "unet", "text_encoder" or "text_encoder_2".
  std::string part;
  /// Within the part; flattened: with "_" for dots.
  std::string layer;
  bool flattened = false;
  /// [r, in], or of convolutions [r, in, kh, kw].
  at::Tensor down;
  /// [out, r] or [out, r, 1, 1].
  at::Tensor up;
  /// LoCon's, [r, r, kh, kw]; undefined where there is none.
  at::Tensor mid;
  /// alpha / r, or 1 where the file names no alpha.
  double scale = 1;
};

/// Reads a file in any of the ways of `parse_lora_key`. alpha: the layer's key, or what diffusers
/// keeps in the file's metadata (`lora_adapter_metadata`, with rank-stabilised scaling); a file in
/// which only some layers of a part have one is refused, since programs disagree about the others.
/// A note says where diffusers 0.42.1 takes another alpha than the layer's. Throws a usage error
/// that names file and key for values that are not finite, up without down, matrices whose ranks
/// disagree, an empty file, and what `parse_lora_key` throws.
std::vector<LoraLayer> read_lora(const std::filesystem::path& path);

}  // namespace fdbench
