// The layers of a part by the names under which files of weights know them.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace fdbench {

class LayerNames {
 public:
  /// part: "unet" or a text encoder. tensors: names in its weight files; a layer is what has a
  /// `.weight`.
  LayerNames(const std::string& part, const std::vector<std::string>& tensors);

  /// The layer as the weight files call it, "" where there is none. flattened: `layer` has "_" in
  /// place of dots (kohya's scripts); then a UNet's layers also have the names of the original code
  /// ("input_blocks_4_1_proj_in"). With or without a text encoder's "text_model." in front.
  std::string find(const std::string& layer, bool flattened) const;
  /// The known name that is nearest; "" when none is near.
  std::string nearest_to(const std::string& layer, bool flattened) const;

 private:
  std::map<std::string, std::string> dotted_, flattened_;
};

/// The name of a UNet's layer in the original code of Stable Diffusion and SDXL ("sgm"), with dots:
/// "down_blocks.1.attentions.0.proj_in" is "input_blocks.4.1.proj_in". "" for a layer that has
/// none. layers_per_block: of the UNet's config. has_attention: of the up block that the layer is
/// in.
std::string original_name(const std::string& layer, int layers_per_block, bool has_attention);

}  // namespace fdbench
