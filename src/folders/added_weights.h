// A user's additions, matched with the weights of a model folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "folders/layer_names.h"
#include "folders/learned_token.h"
#include "folders/lora_file.h"
#include "folders/weight_additions.h"
#include "folders/weight_changes.h"

namespace fdbench {

/// The names and shapes of a part's tensors as they are stored.
struct StoredPart {
  std::filesystem::path folder;
  std::map<std::string, std::vector<std::int64_t>> shapes;
};

/// What additions are matched with.
struct FolderParts {
  std::function<bool(const std::string& part)> has;
  /// Throws a usage error for a part that the folder has not.
  std::function<StoredPart(const std::string& part)> read;
};

class AddedWeights {
 public:
  /// Reads all files and finds the tensor that each of their keys changes. Throws a usage error
  /// that names file and key for a key without a layer (with the nearest one), another shape than
  /// the layer's, a tensor that two files replace, a token that is given by two files, and what the
  /// readers of the files throw.
  AddedWeights(WeightAdditions additions, const FolderParts& parts);

  const WeightAdditions& additions() const { return additions_; }
  /// nullptr: nothing of the part changes.
  const PartChanges* changes_of(const std::string& part) const;
  /// Tokens that the tokenizer of a text encoder learns.
  const std::vector<LearnedToken>& tokens_of(const std::string& encoder) const;
  /// What of the additions is in the part: kinds, scales, tokens and hashes of contents, a line
  /// each; "" where nothing is.
  std::string summary_of(const std::string& part) const;

 private:
  struct Part {
    StoredPart stored;
    LayerNames names;
    PartChanges changes;
    std::vector<LearnedToken> tokens;
    std::string summary;
    /// Which file replaced a tensor.
    std::map<std::string, std::filesystem::path> replaced_by;
  };

  Part& part(const std::string& name, const FolderParts& parts);
  void add_lora(const WeightAddition& addition, const FolderParts& parts);
  void add_layer(const LoraLayer& layer, const WeightAddition& addition, Part& part);
  void add_custom_diffusion(const WeightAddition& addition, const FolderParts& parts);
  void add_embedding(const WeightAddition& addition, const FolderParts& parts);

  WeightAdditions additions_;
  std::map<std::string, Part> parts_;
};

}  // namespace fdbench
