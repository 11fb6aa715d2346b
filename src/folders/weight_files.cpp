#include "folders/weight_files.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "core/error.h"
#include "core/notes.h"
#include "io/json_file.h"
#include "io/stand_in.h"

namespace fdbench {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kBases[] = {"diffusion_pytorch_model", "model"};
constexpr const char* kConvert =
    "convert it in Python: "
    "DiffusionPipeline.from_pretrained(FOLDER).save_pretrained(NEW_FOLDER)";

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

/// True where there is a file; throws where there is only a link to nothing.
bool is_there(const fs::path& path) {
  std::error_code ignored;
  if (fs::exists(path, ignored)) return true;
  if (fs::is_symlink(path, ignored)) throw missing_file(path);
  return false;
}

/// The files of one variant ("": the plain ones); no paths where there are none.
WeightFiles files_of(const fs::path& folder, const std::string& variant) {
  const std::string dotted = variant.empty() ? "" : "." + variant;
  for (const std::string base : kBases) {
    const fs::path single = folder / (base + dotted + ".safetensors");
    if (is_there(single)) return {{single}, {}};
    for (const std::string& index : {base + dotted + ".safetensors.index.json",
                                     base + ".safetensors.index" + dotted + ".json"}) {
      if (is_there(folder / index)) return {shards_of(folder / index), folder / index};
    }
  }
  return {};
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

/// What to do with a file that holds weights in another form; "" for other files.
std::string remedy(const fs::path& path) {
  const std::string ending = path.extension().string();
  if (ending == ".bin" || ending == ".ckpt" || ending == ".pt" || ending == ".pth") {
    return std::string("only safetensors are read; ") + kConvert;
  }
  if (ending == ".msgpack" || ending == ".onnx" || ending == ".gguf" || ending == ".h5") {
    return "only safetensors are read, and this file is made for another program (Flax, ONNX, GGUF "
           "or TensorFlow); get the model's safetensors files";
  }
  if (ending != ".safetensors") return "";
  const bool is_shard = path.filename().string().find("-of-") != std::string::npos;
  if (is_shard)
    return "is a shard, but the *.safetensors.index.json that names all shards is missing";
  return "is not where diffusers looks for a part's weights: when it holds those of this part, "
         "rename it to diffusion_pytorch_model.safetensors (model.safetensors for a text encoder)";
}

[[noreturn]] void throw_no_weights(const fs::path& folder) {
  for (const fs::path& path : entries(folder)) {
    if (const std::string what = remedy(path); !what.empty()) {
      throw usage_error({path.string()}, what);
    }
  }
  throw usage_error({folder.string()},
                    "has no weights; wanted is diffusion_pytorch_model.safetensors or "
                    "model.safetensors, its .fp16 "
                    "variant, or shards with their .safetensors.index.json");
}

}  // namespace

std::vector<std::string> weight_variants(const fs::path& folder) {
  static const std::regex names(
      "(?:diffusion_pytorch_model|model)(?:\\.([\\w-]+)\\.safetensors(?:\\.index\\.json)?|"
      "\\.safetensors\\.index\\.([\\w-]+)\\.json)");
  std::set<std::string> variants;
  for (const fs::path& path : entries(folder)) {
    const std::string name = path.filename().string();
    std::smatch match;
    if (name.find("-of-") != std::string::npos || !std::regex_match(name, match, names)) continue;
    variants.insert(match[1].matched ? match[1] : match[2]);
  }
  return {variants.begin(), variants.end()};
}

WeightFiles find_weights(const fs::path& folder, const std::string& variant) {
  if (!variant.empty()) {
    WeightFiles wanted = files_of(folder, variant);
    if (!wanted.paths.empty()) return wanted;
  }
  if (WeightFiles plain = files_of(folder, ""); !plain.paths.empty()) return plain;
  const std::vector<std::string> variants = weight_variants(folder);
  if (variants.size() > 1) {
    throw usage_error({folder.string()}, "holds the weights only as variants (" + joined(variants) +
                                             "): say which, --variant " + variants.front() +
                                             ", or model: {folder: " + "..., variant: " +
                                             variants.front() + "} in a config");
  }
  if (variants.empty()) throw_no_weights(folder);
  say_note(Place{folder.string()},
           "holds the weights only as the variant '" + variants.front() + "', which is taken");
  return files_of(folder, variants.front());
}

std::vector<SafetensorsFile> open_weights(const WeightFiles& files) {
  std::vector<SafetensorsFile> opened;
  for (const fs::path& path : files.paths) opened.emplace_back(path);
  if (!files.index.empty()) check_against_index(files.index, opened);
  return opened;
}

}  // namespace fdbench
