#include "io/model_folder.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/hash.h"
#include "io/json_text.h"
#include "io/synthetic_weights.h"
#include "io/text_file.h"

namespace fdbench {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kLayout =
    "a diffusers model folder holds model_index.json and a folder for each part: unet/ "
    "(config.json, "
    "diffusion_pytorch_model.safetensors), scheduler/, vae/, text_encoder/, tokenizer/";
constexpr const char* kIndexEnd = ".safetensors.index.json";

/// A part that makes a folder a model folder, and how its own config names it.
struct KnownPart {
  const char* name;
  const char* class_name;
};
constexpr std::array<KnownPart, 7> kParts = {{{"unet", "UNet2DConditionModel"},
                                              {"transformer", "Transformer2DModel"},
                                              {"vae", "AutoencoderKL"},
                                              {"text_encoder", "CLIPTextModel"},
                                              {"text_encoder_2", "CLIPTextModelWithProjection"},
                                              {"tokenizer", "CLIPTokenizer"},
                                              {"scheduler", "DDIMScheduler"}}};

std::vector<fs::path> entries(const fs::path& folder) {
  std::error_code ignored;
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// Files of the shards that an index names, each checked to be there and to hold just what the
/// index says.
std::vector<fs::path> shards_of(const fs::path& index_path) {
  const json index = read_json(index_path);
  const Place place{index_path.string()};
  const auto map = index.is_object() ? index.find("weight_map") : index.end();
  if (!index.is_object() || map == index.end() || !map->is_object() || map->empty()) {
    throw usage_error(place, "has no 'weight_map' from tensor names to shards");
  }
  std::map<std::string, std::set<std::string>> names_of;
  for (const auto& [name, shard] : map->items()) {
    if (!shard.is_string() || fs::path(shard.get<std::string>()).has_parent_path()) {
      throw usage_error(place,
                        "'weight_map' must give a file in the same folder for '" + name + "'");
    }
    names_of[shard.get<std::string>()].insert(name);
  }
  std::vector<fs::path> paths;
  for (const auto& [shard, names] : names_of) {
    const fs::path path = index_path.parent_path() / shard;
    if (!fs::is_regular_file(path)) {
      throw runtime_error({path.string()}, "this shard is missing; " +
                                               index_path.filename().string() + " puts tensor '" +
                                               *names.begin() + "' there");
    }
    paths.push_back(path);
  }
  return paths;
}

/// A shard must hold the tensors that the index puts there and no others.
void check_against_index(const fs::path& index_path, const std::vector<SafetensorsFile>& files) {
  const json index = read_json(index_path);
  const json& map = index.at("weight_map");
  std::map<std::string, const SafetensorsFile*> by_name;
  for (const SafetensorsFile& file : files) by_name[file.path().filename().string()] = &file;
  for (const auto& [name, shard] : map.items()) {
    const SafetensorsFile& file = *by_name.at(shard.get<std::string>());
    if (!file.contains(name)) {
      throw runtime_error(
          {file.path().string()},
          "has no tensor '" + name + "', which " + index_path.filename().string() + " puts there");
    }
  }
  for (const SafetensorsFile& file : files) {
    for (const std::string& name : file.names()) {
      const auto found = map.find(name);
      if (found != map.end() && *found == file.path().filename().string()) continue;
      throw runtime_error({file.path().string()}, "has tensor '" + name + "', which " +
                                                      index_path.filename().string() +
                                                      " does not put there");
    }
  }
}

/// The files that hold a part's weights.
struct WeightFiles {
  std::vector<fs::path> paths;
  fs::path index;  // empty: a single file
};

[[noreturn]] void throw_no_weights(const fs::path& folder) {
  for (const fs::path& path : entries(folder)) {
    if (path.extension() != ".bin" && path.extension() != ".ckpt" && path.extension() != ".pt")
      continue;
    throw usage_error({path.string()},
                      "only safetensors are read; convert it in Python: "
                      "DiffusionPipeline.from_pretrained(FOLDER).save_pretrained(NEW_FOLDER)");
  }
  throw usage_error({folder.string()},
                    "has no weights; wanted is diffusion_pytorch_model.safetensors or "
                    "model.safetensors, its .fp16 "
                    "variant, or shards with their .safetensors.index.json");
}

WeightFiles find_weights(const fs::path& folder) {
  for (const std::string variant : {"", ".fp16"}) {
    for (const std::string base : {"diffusion_pytorch_model", "model"}) {
      const fs::path single = folder / (base + variant + ".safetensors");
      if (fs::exists(single)) return {{single}, {}};
      for (const std::string& index :
           {base + variant + kIndexEnd, base + ".safetensors.index" + variant + ".json"}) {
        if (fs::exists(folder / index)) return {shards_of(folder / index), folder / index};
      }
    }
  }
  throw_no_weights(folder);
}

/// The part whose own folder `path` is; "" when it is none.
std::string own_part(const fs::path& path) {
  if (fs::exists(path / "vocab.json") || fs::exists(path / "tokenizer.json")) return "tokenizer";
  if (fs::exists(path / "scheduler_config.json")) return "scheduler";
  if (!fs::exists(path / "config.json")) return "";
  const json config = read_json(path / "config.json");
  if (!config.is_object()) return "";
  json names = config.value("architectures", json::array());
  if (!names.is_array()) names = json::array();
  names.push_back(config.value("_class_name", json()));
  for (const KnownPart& part : kParts) {
    if (std::find(names.begin(), names.end(), part.class_name) != names.end()) return part.name;
  }
  return "";
}

}  // namespace

json read_json(const fs::path& path) {
  if (!fs::exists(path)) throw usage_error({path.string()}, "does not exist");
  if (!fs::is_regular_file(path)) throw usage_error({path.string()}, "is no file");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw usage_error({path.string()}, "cannot be read");
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  return parse_json(utf8_text(bytes, path.string()), path.string());
}

ModelFolder::ModelFolder(fs::path path) : path_(std::move(path)) {
  if (!fs::exists(path_))
    throw usage_error({path_.string()}, std::string("does not exist; ") + kLayout);
  if (!fs::is_directory(path_))
    throw usage_error({path_.string()}, std::string("is no folder; ") + kLayout);
  const bool known = std::any_of(kParts.begin(), kParts.end(), [this](const KnownPart& part) {
    return fs::is_directory(path_ / part.name);
  });
  if (known) return;
  own_part_ = own_part(path_);
  if (own_part_.empty())
    throw usage_error({path_.string()}, std::string("is no model folder; ") + kLayout);
}

ModelFolder::ModelFolder(fs::path path, std::uint64_t weights_seed) : ModelFolder(std::move(path)) {
  weights_seed_ = weights_seed;
}

std::string ModelFolder::description() const {
  if (!synthetic()) return path_.string();
  return path_.filename().string() + " (random weights, seed " + std::to_string(*weights_seed_) +
         ")";
}

bool ModelFolder::has(const std::string& name) const {
  return own_part_.empty() ? fs::is_directory(path_ / name) : name == own_part_;
}

fs::path ModelFolder::part_path(const std::string& name) const {
  if (!has(name)) throw usage_error({path_.string()}, "has no " + name + "/; " + kLayout);
  return own_part_.empty() ? path_ / name : path_;
}

fs::path ModelFolder::config_path(const std::string& name) const {
  return part_path(name) / (name == "scheduler" ? "scheduler_config.json" : "config.json");
}

json ModelFolder::config(const std::string& name) const { return read_json(config_path(name)); }

std::unique_ptr<Weights> ModelFolder::weights(const std::string& name, at::ScalarType dtype,
                                              at::Device device) const {
  if (synthetic()) {
    part_path(name);  // throws when the model has no such part
    return std::make_unique<SyntheticWeights>(*weights_seed_, dtype, device);
  }
  const WeightFiles found = find_weights(part_path(name));
  std::vector<SafetensorsFile> files;
  for (const fs::path& path : found.paths) files.emplace_back(path);
  if (!found.index.empty()) check_against_index(found.index, files);
  return std::make_unique<SafetensorsWeights>(std::move(files), dtype, device);
}

std::string ModelFolder::weights_hash(const std::string& name) const {
  WeightFiles found = synthetic() ? WeightFiles{} : find_weights(part_path(name));
  found.paths.push_back(config_path(name));
  std::string summary = synthetic() ? "random " + std::to_string(*weights_seed_) + "\n" : "";
  for (const fs::path& path : found.paths) {
    const FileMapping file(path);
    summary += path.filename().string() + " " + std::to_string(file.size()) + " " +
               content_hash(file.data(), file.size()) + "\n";
  }
  return content_hash(summary);
}

}  // namespace fdbench
