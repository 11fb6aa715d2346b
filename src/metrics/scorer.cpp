#include "metrics/scorer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/error.h"
#include "core/hash.h"
#include "core/notes.h"
#include "io/file_mapping.h"
#include "metrics/clip_judge.h"
#include "text/cut_prompts.h"
#include "text/tokenizer.h"

namespace fdbench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kImage = "image";
constexpr const char* kTextIds = "text_ids";
constexpr const char* kAttentionMask = "attention_mask";

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code fault;
  for (const auto& entry : fs::directory_iterator(folder, fault)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  if (fault) throw usage_error({folder.string()}, "cannot be read: " + fault.message());
  std::sort(files.begin(), files.end());
  return files;
}

/// Token ids of n prompts with the mask of those that are no padding, [n, length] int64 each.
struct TokenIds {
  at::Tensor ids, mask;
};

TokenIds token_ids(const Tokenizer& tokenizer, const std::vector<std::string>& prompts,
                   std::int64_t length) {
  std::vector<std::int64_t> ids, counts;
  for (const std::string& prompt : prompts) {
    const std::vector<std::int64_t> tokens = tokenizer.encode(prompt, length);
    ids.insert(ids.end(), tokens.begin(), tokens.end());
    counts.push_back(std::min(tokenizer.count(prompt), length));
  }
  const at::Tensor place = at::arange(length, at::kLong).unsqueeze(0);
  return {at::tensor(ids, at::kLong).view({-1, length}),
          place.lt(at::tensor(counts, at::kLong).unsqueeze(1)).to(at::kLong)};
}

}  // namespace

std::vector<std::string> scorer_input_names() { return {kImage, kTextIds, kAttentionMask}; }

std::string scorer_hash(const ScorerSettings& settings) {
  if (!settings.clip.empty()) return clip_judge_hash(settings.clip);
  std::string text = hash_of_files({settings.network}) + settings.protocol.text();
  for (const std::string& input : settings.inputs) text += " " + input;
  if (!settings.tokenizer.empty()) {
    text += " " + hash_of_files(files_in(settings.tokenizer)) + " " +
            std::to_string(settings.max_length);
  }
  return content_hash(text);
}

struct Scorer::Impl {
  std::optional<ClipJudge> clip;
  std::optional<ScriptNetwork> network;
  std::unique_ptr<Tokenizer> tokenizer;
  /// Of a text in tokens.
  std::int64_t length = 0;
};

Scorer::Scorer(ScorerSettings settings)
    : settings_(std::move(settings)), impl_(std::make_unique<Impl>()) {
  if (!settings_.clip.empty()) {
    impl_->clip.emplace(settings_.clip);
    return;
  }
  impl_->network.emplace(settings_.network);
  if (settings_.tokenizer.empty()) return;
  impl_->tokenizer = open_tokenizer(settings_.tokenizer);
  impl_->length =
      settings_.max_length > 0 ? settings_.max_length : impl_->tokenizer->model_max_length();
}

Scorer::~Scorer() = default;
Scorer::Scorer(Scorer&&) noexcept = default;

at::Tensor Scorer::operator()(const at::Tensor& pictures,
                              const std::vector<std::string>& prompts) const {
  const c10::InferenceMode inference;
  if (impl_->clip) {
    return impl_->clip->scale() *
           cosines(impl_->clip->image_embeds(pictures), impl_->clip->text_embeds(prompts));
  }
  TokenIds tokens;
  if (impl_->tokenizer) tokens = token_ids(*impl_->tokenizer, prompts, impl_->length);
  std::vector<at::Tensor> inputs;
  for (const std::string& input : settings_.inputs) {
    inputs.push_back(input == kImage     ? network_input(pictures.unbind(0), settings_.protocol)
                     : input == kTextIds ? tokens.ids
                                         : tokens.mask);
  }
  const c10::IValue output = impl_->network->forward(inputs);
  const auto count = pictures.size(0);
  const std::string wanted = " for " + std::to_string(count) +
                             " pictures, wanted is a number a "
                             "picture: [" +
                             std::to_string(count) + "]";
  if (!output.isTensor()) {
    throw usage_error({impl_->network->path()}, "gives a " + output.tagKind() + wanted);
  }
  const at::Tensor scores = output.toTensor();
  const bool fits = scores.numel() == count && scores.dim() >= 1 && scores.size(0) == count;
  if (!fits || scores.is_complex()) {
    throw usage_error({impl_->network->path()}, "gives " + c10::str(scores.sizes()) + wanted);
  }
  return scores.flatten().to(at::kDouble);
}

void Scorer::warn_of_cut_prompts(const std::vector<std::string>& prompts) const {
  if (impl_->clip) {
    impl_->clip->warn_of_cut_prompts(prompts);
    return;
  }
  if (!impl_->tokenizer) return;
  const std::string message = about_cut_prompts(*impl_->tokenizer, impl_->length, prompts);
  if (!message.empty()) say_warning(Place{settings_.tokenizer.string()}, message);
}

}  // namespace fdbench
