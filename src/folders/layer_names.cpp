#include "folders/layer_names.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <string_view>
#include <utility>

#include "core/error.h"

namespace fdbench {
namespace {

constexpr std::string_view kTextModel = "text_model.";

constexpr std::pair<std::string_view, const char*> kOutside[] = {
    {"conv_in", "input_blocks.0.0"},
    {"conv_out", "out.2"},
    {"time_embedding.linear_1", "time_embed.0"},
    {"time_embedding.linear_2", "time_embed.2"},
    {"add_embedding.linear_1", "label_emb.0.0"},
    {"add_embedding.linear_2", "label_emb.0.2"}};

constexpr std::pair<std::string_view, const char*> kOfResnet[] = {
    {"norm1", "in_layers.0"},  {"conv1", "in_layers.2"},  {"time_emb_proj", "emb_layers.1"},
    {"norm2", "out_layers.0"}, {"conv2", "out_layers.3"}, {"conv_shortcut", "skip_connection"}};

std::string flat(std::string name) {
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

/// The name within a resnet or an attention, as the original code has it.
std::string inner_name(std::string_view kind, const std::string& inner) {
  if (kind != "resnets") return inner;
  for (const auto& [name, original] : kOfResnet) {
    if (inner == name) return original;
  }
  return "";
}

/// A layer of a block: "down_blocks.1.attentions.0.proj_in" in pieces.
struct BlockLayer {
  std::string side, kind, inner;
  int block = 0, index = 0;
};

/// False for a layer that is in no block.
bool split_layer(const std::string& layer, BlockLayer& split) {
  char side[16] = "", kind[16] = "";
  int length = 0;
  if (std::sscanf(layer.c_str(), "mid_block.%15[a-z].%4d.%n", kind, &split.index, &length) == 2) {
    split.side = "mid";
  } else if (std::sscanf(layer.c_str(), "%15[a-z]_blocks.%4d.%15[a-z].%4d.%n", side, &split.block,
                         kind, &split.index, &length) == 4) {
    split.side = side;
  }
  split.kind = kind;
  split.inner = layer.substr(static_cast<std::size_t>(length));
  return length > 0 && !split.side.empty();
}

std::string name_in_mid_block(const BlockLayer& layer, const std::string& inner) {
  const int place = layer.kind == "attentions" ? 1 : 2 * layer.index;
  return "middle_block." + std::to_string(place) + "." + inner;
}

}  // namespace

std::string original_name(const std::string& layer, int layers_per_block, bool has_attention) {
  for (const auto& [name, original] : kOutside) {
    if (layer == name) return original;
  }
  BlockLayer split;
  if (!split_layer(layer, split)) return "";
  const std::string inner = inner_name(split.kind, split.inner);
  if (inner.empty()) return "";
  if (split.side == "mid") return name_in_mid_block(split, inner);
  const int per_block = layers_per_block + 1, first = split.block * per_block;
  const std::string of_kind = split.kind == "attentions" ? ".1." : ".0.";
  if (split.side == "down") {
    if (split.kind == "downsamplers") {
      return "input_blocks." + std::to_string(1 + first + layers_per_block) + ".0.op";
    }
    return "input_blocks." + std::to_string(1 + first + split.index) + of_kind + inner;
  }
  if (split.kind == "upsamplers") {
    return "output_blocks." + std::to_string(first + layers_per_block) +
           (has_attention ? ".2." : ".1.") + inner;
  }
  return "output_blocks." + std::to_string(first + split.index) + of_kind + inner;
}

LayerNames::LayerNames(const std::string& part, const std::vector<std::string>& tensors) {
  constexpr std::string_view kWeight = ".weight";
  int layers_per_block = 0;
  std::set<int> up_with_attention;
  for (const std::string& tensor : tensors) {
    if (!tensor.ends_with(kWeight)) continue;
    const std::string layer = tensor.substr(0, tensor.size() - kWeight.size());
    const std::string canonical =
        layer.starts_with(kTextModel) ? layer.substr(kTextModel.size()) : layer;
    dotted_[canonical] = layer;
    flattened_[flat(canonical)] = layer;
    BlockLayer split;
    if (part != "unet") {
      flattened_[flat(std::string(kTextModel) + canonical)] = layer;
    } else if (split_layer(layer, split)) {
      if (split.side == "up" && split.kind == "attentions") up_with_attention.insert(split.block);
      if (split.side == "down" && split.kind == "resnets") {
        layers_per_block = std::max(layers_per_block, split.index + 1);
      }
    }
  }
  if (part != "unet") return;
  for (const auto& [canonical, layer] : dotted_) {
    BlockLayer split;
    const bool attends = split_layer(layer, split) && up_with_attention.contains(split.block);
    const std::string original = original_name(layer, layers_per_block, attends);
    if (!original.empty()) flattened_.emplace(flat(original), layer);
  }
}

std::string LayerNames::find(const std::string& layer, bool flattened) const {
  const auto& names = flattened ? flattened_ : dotted_;
  const std::string name =
      !flattened && layer.starts_with(kTextModel) ? layer.substr(kTextModel.size()) : layer;
  const auto found = names.find(name);
  return found == names.end() ? "" : found->second;
}

std::string LayerNames::nearest_to(const std::string& layer, bool flattened) const {
  std::vector<std::string> known;
  for (const auto& [name, stored] : flattened ? flattened_ : dotted_) known.push_back(name);
  return nearest(layer, known);
}

}  // namespace fdbench
