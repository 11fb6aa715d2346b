#include "folders/model_folder.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/hash.h"
#include "core/notes.h"
#include "folders/load_rules.h"
#include "folders/merged_weights.h"
#include "folders/pipeline_class.h"
#include "folders/synthetic_weights.h"
#include "folders/weight_files.h"
#include "io/json_file.h"
#include "io/json_text.h"
#include "io/model_path.h"
#include "io/stand_in.h"
#include "io/text_file.h"

namespace fdbench {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// A part that makes a folder a model folder, and how its own config names it.
struct KnownPart {
  const char* name;
  const char* class_name;
  /// Another name that a config may give; "": none.
  const char* other_class_name = "";
};
constexpr std::array<KnownPart, 8> kParts = {
    {{"unet", "UNet2DConditionModel"},
     {"controlnet", "ControlNetModel"},
     {"transformer", "DiTTransformer2DModel", "Transformer2DModel"},
     {"vae", "AutoencoderKL"},
     {"text_encoder", "CLIPTextModel"},
     {"text_encoder_2", "CLIPTextModelWithProjection"},
     {"tokenizer", "CLIPTokenizer"},
     {"scheduler", "DDIMScheduler"}}};

/// The part whose own folder `path` is; "" when it is none.
std::string own_part(const fs::path& path) {
  for (const char* file : {"vocab.json", "tokenizer.json", "vocab.txt"}) {
    if (fs::exists(path / file)) return "tokenizer";
  }
  if (fs::exists(path / "scheduler_config.json")) return "scheduler";
  if (!fs::exists(path / "config.json")) return "";
  const json config = read_json(path / "config.json");
  if (!config.is_object()) return "";
  json names = config.value("architectures", json::array());
  if (!names.is_array()) names = json::array();
  names.push_back(config.value("_class_name", json()));
  for (const KnownPart& part : kParts) {
    for (const json& name : names) {
      if (name == part.class_name || name == part.other_class_name) return part.name;
    }
  }
  return "";
}

/// Of another part that a folder may hold for the part, such as a training's average of the
/// weights.
constexpr const char* kOtherParts[] = {"ema", "non_ema"};

/// transformers' default of `vocab_size`.
constexpr std::int64_t kClipVocabulary = 49408;

json read_index(const fs::path& folder) {
  const fs::path path = folder / "model_index.json";
  std::error_code ignored;
  if (!fs::exists(path, ignored) && !fs::is_symlink(path, ignored)) return nullptr;
  json index = read_json(path);
  if (!index.is_object()) throw usage_error({path.string()}, "must be a JSON object");
  return index;
}

std::string joined(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

}  // namespace

ModelFolder::ModelFolder(fs::path path, std::string variant)
    : path_(model_path(path)), variant_(std::move(variant)), index_(read_index(path_)) {
  const bool known = std::any_of(kParts.begin(), kParts.end(), [this](const KnownPart& part) {
    return !folder_of(part.name).empty();
  });
  if (!known) own_part_ = own_part(path_);
  if (!known && own_part_.empty()) {
    refuse_other_contents(path_);
    throw usage_error({path_.string()}, std::string("is not a model folder; ") + kModelLayout);
  }
  if (!variant_.empty()) check_variant();
}

ModelFolder::ModelFolder(fs::path path, std::uint64_t weights_seed) : ModelFolder(std::move(path)) {
  weights_seed_ = weights_seed;
}

ModelFolder::ModelFolder(fs::path path, std::string variant, WeightAdditions additions)
    : ModelFolder(std::move(path), std::move(variant)) {
  if (additions.empty()) return;
  if (!additions.unet.empty()) {
    own_unet_ = additions.unet;
    check_own_unet();
  }
  const FolderParts parts{[this](const std::string& part) { return has(part); },
                          [this](const std::string& part) { return stored_part(part); }};
  added_ = std::make_shared<const AddedWeights>(std::move(additions), parts);
}

void ModelFolder::check_own_unet() const {
  const Place place{own_unet_.string()};
  if (!own_part_.empty()) {
    throw usage_error(path_.string() + " is itself the folder of a " + own_part_ +
                      ": a UNet of one's own goes over a whole model folder");
  }
  if (!fs::is_directory(own_unet_)) {
    throw usage_error(place, fs::exists(own_unet_) ? "is a file; wanted is the folder of a UNet"
                                                   : "does not exist");
  }
  if (fs::exists(own_unet_ / "config.json") && own_part(own_unet_) == "unet") return;
  const bool is_model = fs::exists(own_unet_ / "unet" / "config.json");
  throw usage_error(place, "is not the folder of a UNet, which holds its config.json and weights" +
                               (is_model ? "; give " + (own_unet_ / "unet").string() : ""));
}

StoredPart ModelFolder::stored_part(const std::string& name) const {
  StoredPart part{part_path(name), {}};
  for (const SafetensorsFile& file : open_weights(find_weights(part.folder, variant_))) {
    for (const std::string& tensor : file.names()) {
      part.shapes[tensor] = file.tensor(tensor).sizes().vec();
    }
  }
  return part;
}

const std::vector<LearnedToken>& ModelFolder::learned_tokens(const std::string& encoder) const {
  static const std::vector<LearnedToken> none;
  return added_ == nullptr ? none : added_->tokens_of(encoder);
}

const WeightAdditions& ModelFolder::additions() const {
  static const WeightAdditions none;
  return added_ == nullptr ? none : added_->additions();
}

void ModelFolder::check_variant() const {
  std::set<std::string> there;
  for (const KnownPart& part : kParts) {
    for (const char* other : kOtherParts) {
      if (fs::is_directory(path_ / (std::string(part.name) + "_" + other))) there.insert(other);
    }
    if (!has(part.name)) continue;
    const std::vector<std::string> variants = weight_variants(part_path(part.name));
    there.insert(variants.begin(), variants.end());
  }
  if (there.contains(variant_)) return;
  throw usage_error({path_.string()},
                    "no part has weights of the variant '" + variant_ + "'" +
                        (there.empty() ? "; it has no variants" : "; there are " + joined(there)));
}

std::string ModelFolder::description() const {
  if (!synthetic()) return path_.string() + additions_text(additions());
  return path_.filename().string() + " (random weights, seed " + std::to_string(*weights_seed_) +
         ")";
}

fs::path ModelFolder::folder_of(const std::string& name) const {
  if (name == "unet" && !own_unet_.empty()) return own_unet_;
  const fs::path plain = path_ / name, chosen = path_ / (name + "_" + variant_);
  if (!variant_.empty() && fs::is_directory(chosen)) return chosen;
  std::error_code ignored;
  if (fs::is_symlink(plain, ignored) && !fs::exists(plain, ignored)) throw missing_file(plain);
  const bool is_there = fs::is_directory(plain);
  for (const char* other : kOtherParts) {
    const std::string beside = name + "_" + other;
    if (!fs::is_directory(path_ / beside)) continue;
    if (is_there) {
      say_note(Place{path_.string()}, beside + "/ is left aside, " + name + "/ counts (--variant " +
                                          other + ", or variant: in a config, takes it)");
      continue;
    }
    say_note(Place{path_.string()}, "has no " + name + "/: " + beside + "/ is taken in its place");
    return path_ / beside;
  }
  return is_there ? plain : fs::path();
}

bool ModelFolder::has(const std::string& name) const {
  if (!own_part_.empty()) return name == own_part_;
  // [null, null] stands for a part that the pipeline goes without, whatever lies there.
  const auto entry = index_.is_object() ? index_.find(name) : index_.end();
  const bool is_left_out = index_.is_object() && entry != index_.end() && entry->is_array() &&
                           entry->size() == 2 && entry->back().is_null();
  return !is_left_out && !folder_of(name).empty();
}

Error ModelFolder::no_unet() const {
  const std::string name = pipeline_class(index_);
  const std::string whose = name.empty() ? "a model" : "a " + name;
  const bool listed = index_.is_object() && index_.contains("transformer");
  if (listed || fs::is_directory(path_ / "transformer")) {
    std::string denoiser = "a transformer";
    const fs::path config = path_ / "transformer" / "config.json";
    if (fs::is_regular_file(config)) {
      const json read = read_json(config);
      const json class_name = read.is_object() ? read.value("_class_name", json()) : json();
      if (class_name.is_string()) denoiser += " (" + class_name.get<std::string>() + ")";
    }
    return usage_error(
        {path_.string()},
        "is the folder of " + whose + ": its denoiser is " + denoiser +
            ", no UNet; wanted is a UNet2DConditionModel (Stable Diffusion 1.x, 2.x and XL); run, "
            "plan, generate, info and forward take a DiTTransformer2DModel, too");
  }
  const std::string purpose = other_purpose(name);
  if (purpose.empty())
    return usage_error({path_.string()}, std::string("has no unet/; ") + kModelLayout);
  return usage_error({path_.string()}, "is the folder of " + whose + " (" + purpose +
                                           ") and has no unet/; fdbench draws pictures from text "
                                           "with a UNet2DConditionModel");
}

fs::path ModelFolder::part_path(const std::string& name) const {
  if (has(name)) return own_part_.empty() ? folder_of(name) : path_;
  if (name == "unet" && own_part_.empty()) throw no_unet();
  throw usage_error({path_.string()}, "has no " + name + "/; " + kModelLayout);
}

fs::path ModelFolder::config_path(const std::string& name) const {
  return part_path(name) / (name == "scheduler" ? "scheduler_config.json" : "config.json");
}

json ModelFolder::config(const std::string& name) const {
  const fs::path path = config_path(name);
  json config = as_diffusers_loads(name, read_json(path), index_, path);
  const std::vector<LearnedToken>& tokens = learned_tokens(name);
  if (tokens.empty() || !config.is_object()) return config;
  const json size = config.value("vocab_size", json(kClipVocabulary));
  if (size.is_number_integer()) {
    config["vocab_size"] = size.get<std::int64_t>() + static_cast<std::int64_t>(tokens.size());
  }
  return config;
}

std::unique_ptr<Weights> ModelFolder::weights(const std::string& name, at::ScalarType dtype,
                                              at::Device device) const {
  if (synthetic()) {
    // Throws when the model has no such part.
    part_path(name);
    return std::make_unique<SyntheticWeights>(*weights_seed_, dtype, device);
  }
  std::vector<SafetensorsFile> files = open_weights(find_weights(part_path(name), variant_));
  const PartChanges* changes = added_ == nullptr ? nullptr : added_->changes_of(name);
  if (changes == nullptr) {
    return std::make_unique<SafetensorsWeights>(std::move(files), dtype, device);
  }
  return std::make_unique<MergedWeights>(
      std::move(files), std::shared_ptr<const PartChanges>(added_, changes), dtype, device);
}

std::string ModelFolder::weights_hash(const std::string& name) const {
  WeightFiles found = synthetic() ? WeightFiles{} : find_weights(part_path(name), variant_);
  found.paths.push_back(config_path(name));
  std::string summary = synthetic() ? "random " + std::to_string(*weights_seed_) + "\n" : "";
  for (const fs::path& path : found.paths) {
    const FileMapping file(path);
    summary += path.filename().string() + " " + std::to_string(file.size()) + " " +
               content_hash(file.data(), file.size()) + "\n";
  }
  if (added_ != nullptr) summary += added_->summary_of(name);
  return content_hash(summary);
}

}  // namespace fdbench
