#include "cli/weight_options.h"

#include <algorithm>

#include "core/error.h"
#include "core/notes.h"
#include "core/plain_scalar.h"
#include "folders/lora_keys.h"
#include "io/safetensors.h"

namespace fdbench {
namespace {

/// F.safetensors or F.safetensors:0.8.
WeightAddition lora_of(const std::string& text) {
  WeightAddition lora{AdditionKind::kLora, text, 1, ""};
  const std::size_t colon = text.rfind(':');
  std::error_code ignored;
  if (colon == std::string::npos || std::filesystem::exists(text, ignored)) return lora;
  const PlainScalar<double> scale = plain_number(text.substr(colon + 1));
  if (!scale.fault.empty()) {
    throw usage_error("--lora " + text + ": the scale behind ':' " + scale.fault);
  }
  lora.file = text.substr(0, colon);
  lora.scale = scale.value;
  return lora;
}

/// TOKEN=F.safetensors or F.safetensors.
WeightAddition embedding_of(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) return {AdditionKind::kEmbedding, text, 1, ""};
  if (equals == 0 || equals + 1 == text.size()) {
    throw usage_error("--embedding " + text + ": wanted is TOKEN=FILE");
  }
  return {AdditionKind::kEmbedding, text.substr(equals + 1), 1, text.substr(0, equals)};
}

bool changes_text(const WeightAddition& addition) {
  if (addition.kind != AdditionKind::kLora) return addition.kind == AdditionKind::kEmbedding;
  const Place place{addition.file.string()};
  const std::vector<std::string> keys = SafetensorsFile(addition.file).names();
  return std::any_of(keys.begin(), keys.end(), [&](const std::string& key) {
    return parse_lora_key(key, place).part != "unet";
  });
}

}  // namespace

void add_weight_options(CLI::App& command, WeightOptions& options) {
  command
      .add_option("--lora", options.loras,
                  "LoRA to merge (.safetensors of diffusers, PEFT or kohya's scripts), with :SCALE "
                  "behind it where that is not 1 (repeatable)")
      ->take_all()
      ->allow_extra_args(false);
  command
      .add_option("--custom-diffusion", options.custom_diffusion,
                  "Custom Diffusion's weights of cross attentions (.safetensors), in place of the "
                  "model's (repeatable)")
      ->take_all()
      ->allow_extra_args(false);
  command.add_option("--unet", options.unet,
                     "Folder of a UNet (config.json and weights) in place of the model's unet/");
}

void add_embedding_option(CLI::App& command, WeightOptions& options) {
  command
      .add_option(
          "--embedding", options.embeddings,
          "TOKEN=FILE: a learned word (textual inversion, .safetensors); without TOKEN= the "
          "one that the file names (repeatable)")
      ->take_all()
      ->allow_extra_args(false);
}

void warn_of_idle_text(const WeightAdditions& additions) {
  for (const WeightAddition& addition : additions.files) {
    if (!changes_text(addition)) continue;
    say_warning(Place{addition.file.string()},
                "changes text encoders, but their states are given: that does nothing here");
  }
}

WeightAdditions weight_additions(const WeightOptions& options) {
  WeightAdditions additions;
  additions.unet = options.unet;
  for (const std::filesystem::path& file : options.custom_diffusion) {
    additions.files.push_back({AdditionKind::kCustomDiffusion, file, 1, ""});
  }
  for (const std::string& text : options.loras) additions.files.push_back(lora_of(text));
  for (const std::string& text : options.embeddings) {
    additions.files.push_back(embedding_of(text));
  }
  return additions;
}

}  // namespace fdbench
