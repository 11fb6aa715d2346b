#include "folders/lora_keys.h"

#include <utility>

namespace fdbench {
namespace {

/// Pieces of keys by which changes of other kinds are known.
constexpr std::pair<const char*, const char*> kUnsupported[] = {
    {"dora_scale", "a DoRA"},
    {"lora_magnitude_vector", "a DoRA"},
    {".hada_", "a LoHa (Hadamard products)"},
    {".lokr_", "a LoKr (Kronecker products)"},
    {".oft_", "an OFT (rotations)"},
    {".boft_", "a BOFT (rotations)"},
    {".diff", "a full difference of weights"},
    {".w_norm", "a difference of norms"},
    {".b_norm", "a difference of norms"},
    {"lora_B.bias", "a LoRA with biases"},
    {"lora_up.bias", "a LoRA with biases"},
    {"lora_embedding_", "a LoRA of an embedding"},
    {"bundle_emb", "a LoRA bundled with learned words"},
};

struct Ending {
  std::string_view text;
  LoraRole role;
};
constexpr Ending kEndings[] = {
    {".lora_A.weight", LoraRole::kDown},
    {".lora_B.weight", LoraRole::kUp},
    {".lora.down.weight", LoraRole::kDown},
    {".lora.up.weight", LoraRole::kUp},
    {".lora_linear_layer.down.weight", LoraRole::kDown},
    {".lora_linear_layer.up.weight", LoraRole::kUp},
    {".lora_down.weight", LoraRole::kDown},
    {".lora_up.weight", LoraRole::kUp},
    {".lora_mid.weight", LoraRole::kMid},
    {".alpha", LoraRole::kAlpha},
    // Of processors, "to_q_lora".
    {"_lora.down.weight", LoraRole::kDown},
    {"_lora.up.weight", LoraRole::kUp},
};

struct Start {
  std::string_view text;
  const char* part;
};
constexpr Start kFlattened[] = {{"lora_unet_", "unet"},
                                {"lora_te1_", "text_encoder"},
                                {"lora_te2_", "text_encoder_2"},
                                {"lora_te_", "text_encoder"}};
constexpr Start kDotted[] = {
    {"unet.", "unet"}, {"text_encoder.", "text_encoder"}, {"text_encoder_2.", "text_encoder_2"}};

/// Names of the first diffusers files, which called the text encoder's layers as the UNet's.
constexpr std::pair<std::string_view, std::string_view> kTextLayers[] = {
    {"to_q", "q_proj"}, {"to_k", "k_proj"}, {"to_v", "v_proj"}, {"to_out", "out_proj"}};

void rename_processor_layer(LoraKey& key) {
  if (key.part == "unet") {
    if (key.layer.ends_with(".to_out")) key.layer += ".0";
    return;
  }
  const std::size_t dot = key.layer.rfind('.') + 1;
  for (const auto& [old_name, name] : kTextLayers) {
    if (std::string_view(key.layer).substr(dot) == old_name) {
      key.layer.replace(dot, std::string::npos, name);
      return;
    }
  }
}

void refuse_other_kinds(const std::string& key, const Place& place) {
  for (const auto& [piece, kind] : kUnsupported) {
    if (key.find(piece) == std::string::npos) continue;
    throw usage_error(place, "key '" + key + "': the file is " + kind +
                                 ", which is not supported; LoRAs of a down and an up matrix are");
  }
  if (key.starts_with("base_model.model.")) {
    throw usage_error(place, "key '" + key +
                                 "': PEFT's own files keep their scale in adapter_config.json; "
                                 "wanted is the file of diffusers' save_lora_weights");
  }
}

/// Removes the part's name from the layer.
void take_part(LoraKey& key) {
  for (const Start& start : kFlattened) {
    if (!key.layer.starts_with(start.text)) continue;
    key.part = start.part;
    key.flattened = true;
    key.layer.erase(0, start.text.size());
    return;
  }
  for (const Start& start : kDotted) {
    if (!key.layer.starts_with(start.text)) continue;
    key.part = start.part;
    key.layer.erase(0, start.text.size());
    return;
  }
  key.part = "unet";
}

}  // namespace

LoraKey parse_lora_key(const std::string& key, const Place& place) {
  refuse_other_kinds(key, place);
  for (const Ending& ending : kEndings) {
    if (!key.ends_with(ending.text)) continue;
    LoraKey parsed;
    parsed.role = ending.role;
    parsed.layer = key.substr(0, key.size() - ending.text.size());
    take_part(parsed);
    const std::string_view processor = ".processor.";
    if (const auto at = parsed.layer.find(processor); at != std::string::npos) {
      parsed.layer.replace(at, processor.size(), ".");
    }
    if (ending.text.starts_with('_')) rename_processor_layer(parsed);
    return parsed;
  }
  throw usage_error(place, "key '" + key +
                               "' is none of a LoRA; those end in lora_A.weight and lora_B.weight, "
                               "lora.down.weight and lora.up.weight, or lora_down.weight, "
                               "lora_up.weight and alpha");
}

}  // namespace fdbench
