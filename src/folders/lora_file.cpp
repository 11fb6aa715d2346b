#include "folders/lora_file.h"

#include <c10/util/StringUtil.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>

#include "core/error.h"
#include "core/notes.h"
#include "core/number_text.h"
#include "folders/lora_keys.h"
#include "folders/weight_changes.h"
#include "io/json_text.h"
#include "io/safetensors.h"

namespace fdbench {
namespace {

using nlohmann::json;

constexpr const char* kMetadata = "lora_adapter_metadata";
/// PEFT's, where its configuration names none.
constexpr double kDefaultAlpha = 8;

struct RawLayer {
  LoraLayer layer;
  std::optional<double> alpha;
};
using RawLayers = std::map<std::tuple<std::string, std::string, bool>, RawLayer>;

double read_alpha(const at::Tensor& tensor, const std::string& key, const Place& place) {
  if (tensor.numel() != 1) {
    throw usage_error(place, c10::str("key '", key, "' must be one number, not ", tensor.sizes()));
  }
  return tensor.to(at::kDouble).item<double>();
}

void add_tensor(const SafetensorsFile& file, const std::string& key, RawLayers& layers) {
  const Place place{file.path().string()};
  const LoraKey parsed = parse_lora_key(key, place);
  RawLayer& raw = layers[{parsed.part, parsed.layer, parsed.flattened}];
  raw.layer.part = parsed.part;
  raw.layer.layer = parsed.layer;
  raw.layer.flattened = parsed.flattened;
  const at::Tensor tensor = file.tensor(key);
  if (parsed.role == LoraRole::kAlpha) {
    raw.alpha = read_alpha(finite_numbers(file, key), key, place);
    if (raw.layer.key.empty()) raw.layer.key = key;
    return;
  }
  at::Tensor& target = parsed.role == LoraRole::kDown ? raw.layer.down
                       : parsed.role == LoraRole::kUp ? raw.layer.up
                                                      : raw.layer.mid;
  if (target.defined()) {
    throw usage_error(place,
                      "key '" + key + "': a second one for the layer '" + parsed.layer + "'");
  }
  target = finite_numbers(file, key);
  raw.layer.key = key;
}

/// Throws unless the tensors belong together.
void check_layer(const LoraLayer& layer, const Place& place) {
  const auto fail = [&](const std::string& what) {
    throw usage_error(place, "key '" + layer.key + "': " + what);
  };
  if (!layer.up.defined() && !layer.down.defined()) fail("has neither a down nor an up matrix");
  if (!layer.down.defined()) fail("up without down: lora_A (down) of the layer is missing");
  if (!layer.up.defined()) fail("down without up: lora_B (up) of the layer is missing");
  for (const at::Tensor& tensor : {layer.down, layer.up}) {
    if ((tensor.dim() != 2 && tensor.dim() != 4) || tensor.numel() == 0) {
      fail(c10::str("a factor must be [r, in] or [r, in, kh, kw], not ", tensor.sizes()));
    }
  }
  const std::int64_t rank = layer.down.size(0), columns = layer.up.size(1);
  if (layer.up.dim() == 4 && layer.up.size(2) * layer.up.size(3) != 1) {
    fail(c10::str("up must be [out, r, 1, 1], not ", layer.up.sizes()));
  }
  if (layer.mid.defined()) {
    const bool pointwise =
        layer.down.dim() == 2 || (layer.down.size(2) == 1 && layer.down.size(3) == 1);
    if (layer.mid.dim() != 4 || layer.mid.size(0) != columns || layer.mid.size(1) != rank ||
        !pointwise) {
      fail(c10::str("lora_mid ", layer.mid.sizes(), " does not fit down ", layer.down.sizes(),
                    " and up ", layer.up.sizes()));
    }
  } else if (rank != columns) {
    fail(
        c10::str("the ranks disagree: down is ", layer.down.sizes(), ", up is ", layer.up.sizes()));
  }
}

/// What diffusers keeps of PEFT's configurations; null where the file has none.
json adapter_metadata(const SafetensorsFile& file) {
  const auto found = file.metadata().find(kMetadata);
  if (found == file.metadata().end()) return nullptr;
  json read = parse_json(found->second, file.path().string() + ": " + kMetadata);
  if (!read.is_object()) {
    throw usage_error({file.path().string()}, std::string(kMetadata) + " must be a JSON object");
  }
  return read;
}

/// The configuration of a part's adapter.
class AdapterConfig {
 public:
  AdapterConfig(const json& metadata, const std::string& part, Place place)
      : place_(std::move(place)) {
    if (!metadata.is_object()) return;
    for (const auto& [key, value] : metadata.items()) {
      if (key.starts_with(part + ".")) config_[key.substr(part.size() + 1)] = value;
      // Of a UNet saved alone.
      if (part == "unet" && key.find('.') == std::string::npos) config_[key] = value;
    }
    for (const char* name : {"use_dora", "lora_bias", "fan_in_fan_out", "use_qalora"}) {
      if (config_.value(name, json(false)) == true) {
        throw usage_error(
            place_, std::string("its metadata say '") + name + "': true, which is not supported");
      }
    }
  }

  bool empty() const { return config_.empty(); }

  /// alpha / r of a layer.
  double scale(const std::string& layer, std::int64_t rank) const {
    json alpha = config_.value("lora_alpha", json(kDefaultAlpha));
    const json patterns = config_.value("alpha_pattern", json::object());
    for (const auto& [pattern, value] : patterns.items()) {
      if (matches(pattern, layer)) {
        alpha = value;
        break;
      }
    }
    if (!alpha.is_number()) throw usage_error(place_, "'lora_alpha' of its metadata is no number");
    const bool stabilised = config_.value("use_rslora", json(false)) == true;
    const auto ranks = static_cast<double>(rank);
    return alpha.get<double>() / (stabilised ? std::sqrt(ranks) : ranks);
  }

 private:
  /// As PEFT's get_pattern_key for names without other special characters than dots.
  bool matches(std::string pattern, const std::string& layer) const {
    if (pattern.find_first_of("*+?[](){}|\\$") != std::string::npos) {
      throw usage_error(place_, "'alpha_pattern' of its metadata has the pattern '" + pattern +
                                    "'; layers' names are supported");
    }
    const bool whole = pattern.starts_with('^');
    if (whole) pattern.erase(0, 1);
    const std::string text_layer = "text_model." + layer;
    if (layer == pattern || text_layer == pattern) return true;
    return !whole && layer.ends_with("." + pattern);
  }

  Place place_;
  json config_ = json::object();
};

/// Settles the layers' scales.
void set_scales(const SafetensorsFile& file, RawLayers& layers) {
  const Place place{file.path().string()};
  const json metadata = adapter_metadata(file);
  for (const std::string part : {"unet", "text_encoder", "text_encoder_2"}) {
    const AdapterConfig config(metadata, part, place);
    const RawLayer *with = nullptr, *without = nullptr;
    for (auto& [name, raw] : layers) {
      if (raw.layer.part != part) continue;
      (raw.alpha ? with : without) = &raw;
      const std::int64_t rank = raw.layer.down.size(0);
      if (raw.alpha) {
        raw.layer.scale = *raw.alpha / static_cast<double>(rank);
      } else if (!config.empty()) {
        raw.layer.scale = config.scale(raw.layer.layer, rank);
      }
    }
    if (with != nullptr && !config.empty()) {
      throw usage_error(place, "key '" + with->layer.key + "': has an alpha, and so has " +
                                   kMetadata + "; one of them must go");
    }
    if (with != nullptr && without != nullptr) {
      throw usage_error(place, "key '" + without->layer.key +
                                   "': the layer has no alpha, while others of the file have; "
                                   "programs disagree about what is meant");
    }
  }
}

/// diffusers 0.42.1 loses the alphas of attention layers on the way from kohya's names, and takes
/// the part's most common alpha for them. Says so where that is another one.
void note_lost_alphas(const RawLayers& layers, const std::string& part, const Place& place) {
  std::map<double, int> counts;
  for (const auto& [name, raw] : layers) {
    if (raw.layer.part == part && raw.layer.flattened && raw.alpha) ++counts[*raw.alpha];
  }
  if (counts.size() < 2) return;
  const double usual =
      std::max_element(counts.begin(), counts.end(), [](const auto& one, const auto& other) {
        return one.second < other.second;
      })->first;
  for (const auto& [name, raw] : layers) {
    const bool is_lost = raw.layer.part == part && raw.layer.flattened && raw.alpha &&
                         *raw.alpha != usual && raw.layer.layer.find("attn") != std::string::npos;
    if (!is_lost) continue;
    say_note(place, "key '" + raw.layer.key + "': its alpha is " + number_text(*raw.alpha) +
                        ", as the file says; diffusers 0.42.1 takes " + number_text(usual) +
                        ", the most common one of " + part + ", for attention layers");
    return;
  }
}

}  // namespace

std::vector<LoraLayer> read_lora(const std::filesystem::path& path) {
  const SafetensorsFile file(path);
  const Place place{path.string()};
  RawLayers raw;
  for (const std::string& key : file.names()) add_tensor(file, key, raw);
  if (raw.empty()) throw usage_error(place, "holds no tensors, so nothing of it can be applied");
  for (const auto& [name, layer] : raw) check_layer(layer.layer, place);
  set_scales(file, raw);
  for (const std::string part : {"unet", "text_encoder", "text_encoder_2"}) {
    note_lost_alphas(raw, part, place);
  }
  std::vector<LoraLayer> layers;
  for (auto& [name, layer] : raw) layers.push_back(std::move(layer.layer));
  return layers;
}

}  // namespace fdbench
