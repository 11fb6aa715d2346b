#include "folders/added_weights.h"

#include <c10/util/StringUtil.h>

#include <algorithm>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/hash.h"
#include "core/number_text.h"
#include "folders/custom_diffusion_file.h"
#include "folders/embedding_file.h"
#include "io/file_mapping.h"

namespace fdbench {
namespace {

constexpr const char* kTable = "embeddings.token_embedding.weight";

std::vector<std::string> names_in(const StoredPart& part) {
  std::vector<std::string> names;
  for (const auto& [name, shape] : part.shapes) names.push_back(name);
  return names;
}

/// The usage error for a key that changes no layer.
Error no_layer(const Place& place, const std::string& key, const std::string& part,
               const std::string& near) {
  return usage_error(place, "key '" + key + "': " + part + "/ has no such layer" +
                                (near.empty() ? "; the file is for another model"
                                              : ", the nearest name is '" + near + "'"));
}

std::string file_line(const WeightAddition& addition, const std::string& token) {
  const FileMapping file(addition.file);
  return addition_name(addition.kind) + " " + exact_number_text(addition.scale) + " " + token +
         " " + content_hash(file.data(), file.size()) + "\n";
}

/// True for "<cat>" and "<cat>", "<cat>_1", ...: further vectors of a word are named so.
bool are_one_word(std::string_view one, std::string_view other) {
  if (one.size() > other.size()) std::swap(one, other);
  if (!other.starts_with(one)) return false;
  const std::string_view rest = other.substr(one.size());
  return rest.empty() || (rest.size() > 1 && rest[0] == '_' &&
                          rest.find_first_not_of("0123456789", 1) == std::string_view::npos);
}

/// The name of the table of tokens among a text encoder's tensors.
std::string table_in(const StoredPart& part) {
  for (const auto& [name, shape] : part.shapes) {
    if (name.ends_with(kTable) && shape.size() == 2) return name;
  }
  throw usage_error({part.folder.string()},
                    std::string("has no tensor '") + kTable + "', which a learned word adds to");
}

}  // namespace

AddedWeights::AddedWeights(WeightAdditions additions, const FolderParts& parts)
    : additions_(std::move(additions)) {
  // Replacements first: whatever the order, a LoRA's change is added to them.
  for (const AdditionKind kind :
       {AdditionKind::kCustomDiffusion, AdditionKind::kLora, AdditionKind::kEmbedding}) {
    for (const WeightAddition& addition : additions_.files) {
      if (addition.kind != kind) continue;
      check_addition_file(addition);
      if (kind == AdditionKind::kCustomDiffusion) add_custom_diffusion(addition, parts);
      if (kind == AdditionKind::kLora) add_lora(addition, parts);
      if (kind == AdditionKind::kEmbedding) add_embedding(addition, parts);
    }
  }
}

AddedWeights::Part& AddedWeights::part(const std::string& name, const FolderParts& parts) {
  const auto found = parts_.find(name);
  if (found != parts_.end()) return found->second;
  StoredPart stored = parts.read(name);
  LayerNames names(name, names_in(stored));
  return parts_.emplace(name, Part{std::move(stored), std::move(names), {}, {}, {}, {}})
      .first->second;
}

void AddedWeights::add_layer(const LoraLayer& layer, const WeightAddition& addition, Part& part) {
  const Place place{addition.file.string()};
  const std::string name = part.names.find(layer.layer, layer.flattened);
  if (name.empty()) {
    throw no_layer(place, layer.key, layer.part,
                   part.names.nearest_to(layer.layer, layer.flattened));
  }
  const std::string tensor = name + ".weight";
  const std::vector<std::int64_t>& shape = part.stored.shapes.at(tensor);
  LowRankChange change{layer.down, layer.up, layer.mid, layer.scale * addition.scale};
  if (change_shape(change, shape) != shape) {
    throw usage_error(place, c10::str("key '", layer.key, "': changes a weight of ",
                                      at::IntArrayRef(change_shape(change, shape)), ", but ",
                                      layer.part, "/'s '", tensor, "' is ", at::IntArrayRef(shape),
                                      ": the LoRA is for another model"));
  }
  part.changes[tensor].added.push_back(std::move(change));
}

void AddedWeights::add_lora(const WeightAddition& addition, const FolderParts& parts) {
  std::set<std::string> touched;
  std::set<std::pair<std::string, std::string>> seen;
  for (const LoraLayer& layer : read_lora(addition.file)) {
    if (!parts.has(layer.part)) {
      throw usage_error({addition.file.string()}, "key '" + layer.key + "': the model has no " +
                                                      layer.part + "/: it is for another one");
    }
    Part& changed = part(layer.part, parts);
    add_layer(layer, addition, changed);
    const std::string name = changed.names.find(layer.layer, layer.flattened);
    if (!seen.emplace(layer.part, name).second) {
      throw usage_error({addition.file.string()},
                        "key '" + layer.key + "': a second one for the layer '" + name + "'");
    }
    touched.insert(layer.part);
  }
  for (const std::string& name : touched) parts_.at(name).summary += file_line(addition, "");
}

void AddedWeights::add_custom_diffusion(const WeightAddition& addition, const FolderParts& parts) {
  const Place place{addition.file.string()};
  Part& unet = part("unet", parts);
  for (ReplacedTensor& replaced : read_custom_diffusion(addition.file)) {
    const std::string layer = unet.names.find(replaced.layer, false);
    if (layer.empty()) {
      throw no_layer(place, replaced.key, "unet", unet.names.nearest_to(replaced.layer, false));
    }
    const std::string tensor = layer + "." + replaced.tensor;
    const auto stored = unet.stored.shapes.find(tensor);
    if (stored == unet.stored.shapes.end()) {
      throw usage_error(place, "key '" + replaced.key + "': unet/ has no tensor '" + tensor + "'");
    }
    if (replaced.value.sizes() != at::IntArrayRef(stored->second)) {
      throw usage_error(
          place, c10::str("key '", replaced.key, "' is ", replaced.value.sizes(), ", but unet/'s '",
                          tensor, "' is ", at::IntArrayRef(stored->second),
                          ": the file is for another model"));
    }
    const auto [before, is_new] = unet.replaced_by.emplace(tensor, addition.file);
    if (!is_new && before->second != addition.file) {
      throw usage_error(place, "key '" + replaced.key + "': " + before->second.string() +
                                   " already replaces '" + tensor + "'");
    }
    unet.changes[tensor].replacement = replaced.value;
  }
  unet.summary += file_line(addition, "");
}

void AddedWeights::add_embedding(const WeightAddition& addition, const FolderParts& parts) {
  const Place place{addition.file.string()};
  const LearnedWord word = read_embedding(addition, parts.has("text_encoder_2"));
  for (const LearnedToken& known : part("text_encoder", parts).tokens) {
    // The same word of the same file once more changes nothing.
    if (known.content == word.token && known.file == addition.file) return;
  }
  for (const auto& [encoder, vectors] : word.vectors) {
    Part& changed = part(encoder, parts);
    const std::string table = table_in(changed.stored);
    const std::vector<std::int64_t>& shape = changed.stored.shapes.at(table);
    if (vectors.size(1) != shape[1]) {
      throw usage_error(place, "its vectors are " + std::to_string(vectors.size(1)) +
                                   " numbers wide, those of " + encoder + "/ " +
                                   std::to_string(shape[1]) + ": it is for another model");
    }
    for (const LearnedToken& known : changed.tokens) {
      if (!are_one_word(known.content, word.token)) continue;
      throw usage_error(place, "the token '" + word.token + "' and '" + known.content + "' of " +
                                   known.file.string() +
                                   " would be one word; give it another name");
    }
    for (std::int64_t i = 0; i < vectors.size(0); ++i) {
      const std::string content = i == 0 ? word.token : word.token + "_" + std::to_string(i);
      const auto id = shape[0] + static_cast<std::int64_t>(changed.tokens.size());
      changed.tokens.push_back({content, id, addition.file});
    }
    changed.changes[table].rows.push_back(vectors);
    changed.summary += file_line(addition, word.token);
  }
}

const PartChanges* AddedWeights::changes_of(const std::string& part) const {
  const auto found = parts_.find(part);
  return found == parts_.end() ? nullptr : &found->second.changes;
}

const std::vector<LearnedToken>& AddedWeights::tokens_of(const std::string& encoder) const {
  static const std::vector<LearnedToken> none;
  const auto found = parts_.find(encoder);
  return found == parts_.end() ? none : found->second.tokens;
}

std::string AddedWeights::summary_of(const std::string& part) const {
  const auto found = parts_.find(part);
  return found == parts_.end() ? "" : found->second.summary;
}

}  // namespace fdbench
