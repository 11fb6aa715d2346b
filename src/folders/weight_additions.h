// Weights that a user puts over those of a model folder: LoRAs, Custom Diffusion, learned words, a
// UNet of its own.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace fdbench {

enum class AdditionKind { kLora, kCustomDiffusion, kEmbedding };

/// "lora", "custom_diffusion", "embedding".
std::string addition_name(AdditionKind kind);

/// A file of weights.
struct WeightAddition {
  AdditionKind kind = AdditionKind::kLora;
  std::filesystem::path file;
  /// What a LoRA's change is multiplied with.
  double scale = 1;
  /// The word of an embedding; "": the one that the file names.
  std::string token;
};

struct WeightAdditions {
  /// In the order in which they are merged.
  std::vector<WeightAddition> files;
  /// A folder with config.json and weights in place of the model's unet/; "": the model's own.
  std::filesystem::path unet;

  bool empty() const { return files.empty() && unet.empty(); }
};

/// " + unet DIR + lora style.safetensors:0.8 + embedding <cat>=cat.safetensors"; "" where there are
/// none.
std::string additions_text(const WeightAdditions& additions);

/// The same as JSON for settings, with the files' names alone: where they lie says nothing, and
/// what they hold is in the hashes of the parts. "" where there are none.
std::string additions_json(const WeightAdditions& additions);

/// Throws a usage error for a file that is missing, and for one that is no safetensors file (.bin,
/// .ckpt, .pt, ...) with the line that makes one of it.
void check_addition_file(const WeightAddition& addition);

}  // namespace fdbench
