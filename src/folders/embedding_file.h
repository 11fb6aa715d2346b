// A learned word (textual inversion).
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <string>

#include "folders/weight_additions.h"

namespace fdbench {

/// A word and its vectors.
struct LearnedWord {
  std::string token;
  /// By the text encoder ("text_encoder", "text_encoder_2"), [n, d] each with the same n.
  std::map<std::string, at::Tensor> vectors;
};

/// Reads one of {token: [d] or [n, d]} (diffusers), {"emb_params": [n, d]} (the A1111 program) and
/// {"clip_l": [n, d], "clip_g": [n, e]} (SDXL). The token is the addition's, else the file's key.
/// two_encoders: the model has two. Throws a usage error that names the file for other contents,
/// values that are not finite, a word for another number of text encoders, and where neither says
/// the token.
LearnedWord read_embedding(const WeightAddition& addition, bool two_encoders);

}  // namespace fdbench
