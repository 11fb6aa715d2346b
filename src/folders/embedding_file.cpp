#include "folders/embedding_file.h"

#include <c10/util/StringUtil.h>

#include <vector>

#include "core/error.h"
#include "folders/weight_changes.h"
#include "io/safetensors.h"

namespace fdbench {
namespace {

constexpr const char* kParams = "emb_params";
const std::vector<std::string> kOfTwo = {"clip_g", "clip_l"};

/// [n, d]
at::Tensor rows_of(const SafetensorsFile& file, const std::string& key) {
  const at::Tensor vectors = finite_numbers(file, key);
  const bool fits = (vectors.dim() == 1 || vectors.dim() == 2) && vectors.numel() > 0;
  if (!fits || !vectors.is_floating_point()) {
    throw usage_error(
        {file.path().string()},
        c10::str("key '", key, "' must be a vector [d] or several [n, d], not ", vectors.sizes()));
  }
  return vectors.dim() == 1 ? vectors.unsqueeze(0) : vectors;
}

}  // namespace

LearnedWord read_embedding(const WeightAddition& addition, bool two_encoders) {
  const SafetensorsFile file(addition.file);
  const Place place{addition.file.string()};
  const std::vector<std::string> names = file.names();
  const bool is_pair = names == kOfTwo;
  if (!is_pair && names.size() != 1) {
    throw usage_error(place, "holds " + std::to_string(names.size()) +
                                 " tensors; a learned word is one tensor [d] or [n, d], or SDXL's "
                                 "pair clip_l and clip_g");
  }
  if (is_pair != two_encoders) {
    throw usage_error(
        place, two_encoders
                   ? "holds vectors for one text encoder, and the model has two: wanted are the "
                     "tensors clip_l and clip_g"
                   : "holds vectors for two text encoders (clip_l and clip_g), and the model has "
                     "one");
  }
  LearnedWord word{addition.token, {}};
  const bool is_named = !is_pair && names[0] != kParams;
  if (word.token.empty() && is_named) word.token = names[0];
  if (word.token.empty()) {
    throw usage_error(place, "does not name its token: give TOKEN=" + addition.file.string());
  }
  word.vectors["text_encoder"] = rows_of(file, is_pair ? "clip_l" : names[0]);
  if (!is_pair) return word;
  word.vectors["text_encoder_2"] = rows_of(file, "clip_g");
  if (word.vectors["text_encoder"].size(0) != word.vectors["text_encoder_2"].size(0)) {
    throw usage_error(place, c10::str("clip_l ", word.vectors["text_encoder"].sizes(),
                                      " and clip_g ", word.vectors["text_encoder_2"].sizes(),
                                      " differ in the number of vectors"));
  }
  return word;
}

}  // namespace fdbench
