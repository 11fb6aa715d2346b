// Keys of LoRA files, in the ways in which programs have written them.
#pragma once

#include <string>

#include "core/error.h"

namespace fdbench {

enum class LoraRole { kDown, kUp, kMid, kAlpha };

/// What a key of a LoRA file is about.
struct LoraKey {
  /// "unet", "text_encoder" or "text_encoder_2".
  std::string part;
  /// diffusers' name of the layer within the part, "mid_block.attentions.0.proj_in"; flattened:
  /// with
  /// "_" for its dots, "mid_block_attentions_0_proj_in".
  std::string layer;
  bool flattened = false;
  LoraRole role = LoraRole::kDown;

  bool operator==(const LoraKey&) const = default;
};

/// Reads a key: of kohya's scripts ("lora_unet_..._to_q.lora_down.weight", "lora_te2_...",
/// ".alpha", LoCon's ".lora_mid.weight"), of PEFT and diffusers ("unet. ... .to_q.lora_A.weight",
/// ".lora.down.weight", "text_encoder. ... .lora_linear_layer.up.weight"), of diffusers' first
/// ("...processor.to_q_lora.down.weight"). Without a part's name in front it is the UNet's. Throws
/// a usage error at `place` that names the kind of change for DoRA, LoHa, LoKr and others that are
/// not supported, and for keys of no LoRA. Source: diffusers 0.42.1,
/// loaders/lora_conversion_utils.py, utils/state_dict_utils.py.
LoraKey parse_lora_key(const std::string& key, const Place& place);

}  // namespace fdbench
