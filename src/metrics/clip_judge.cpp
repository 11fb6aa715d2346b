#include "metrics/clip_judge.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/notes.h"
#include "folders/weight_files.h"
#include "io/file_mapping.h"
#include "io/json_file.h"
#include "io/model_path.h"
#include "metrics/image_processor.h"
#include "models/clip_text.h"
#include "models/clip_vision.h"
#include "text/clip_tokenizer.h"
#include "text/cut_prompts.h"

namespace fdbench {
namespace {

namespace fs = std::filesystem;

constexpr double kClipScoreWeight = 2.5;
constexpr std::int64_t kTextsAtOnce = 64;

/// Weights that several parts take from: none of them knows when all is taken.
class SharedWeights : public Weights {
 public:
  explicit SharedWeights(Weights& all) : all_(all) {}
  at::Tensor take(const std::string& name, at::IntArrayRef shape) override {
    return all_.take(name, shape);
  }
  bool contains(const std::string& name) const override { return all_.contains(name); }
  void finish() override {}

 private:
  Weights& all_;
};

/// The part's config, with the projection that both towers share.
nlohmann::json tower_config(const nlohmann::json& config, const char* tower, const fs::path& path) {
  const nlohmann::json found =
      config.is_object() ? config.value(tower, nlohmann::json()) : nlohmann::json();
  if (!found.is_object()) {
    throw usage_error({path.string()},
                      "has no '" + std::string(tower) + "': a CLIPModel of transformers does");
  }
  nlohmann::json part = found;
  part["projection_dim"] = config.value("projection_dim", 512);
  return part;
}

}  // namespace

struct ClipJudge::Impl {
  fs::path folder;
  nlohmann::json config;
  SafetensorsWeights weights;
  SharedWeights shared;
  CLIPTokenizer tokenizer;
  CLIPTextModel text;
  CLIPVisionModel vision;
  ImageProcessor processor;
  double scale = 1;
  std::string hash;

  explicit Impl(const fs::path& path)
      : folder(model_path(path)),
        config(read_json(folder / "config.json")),
        weights(open_weights(find_weights(folder)), at::kFloat, at::kCPU),
        shared(weights),
        tokenizer(folder),
        text(tower_config(config, "text_config", folder / "config.json"), shared,
             folder / "config.json"),
        vision(tower_config(config, "vision_config", folder / "config.json"), shared,
               folder / "config.json"),
        processor(folder / "preprocessor_config.json") {
    scale = std::exp(weights.take("logit_scale", {}).item<double>());
    weights.finish();
    hash = clip_judge_hash(folder);
  }

  /// Tokens of a text that count.
  std::int64_t length() const {
    return std::min(tokenizer.model_max_length(), text.max_position_embeddings());
  }

  /// What the vision tower takes.
  at::Tensor pixels(at::TensorList pictures) const {
    std::vector<at::Tensor> prepared;
    for (const at::Tensor& picture : pictures) prepared.push_back(processor(picture));
    return at::stack(prepared);
  }
};

ClipJudge::ClipJudge(const fs::path& folder) {
  const c10::InferenceMode inference;
  impl_ = std::make_unique<Impl>(folder);
}

ClipJudge::~ClipJudge() = default;

at::Tensor ClipJudge::image_embeds(const at::Tensor& pictures) const {
  return image_embeds(pictures.unbind(0));
}

at::Tensor ClipJudge::image_embeds(at::TensorList pictures) const {
  const c10::InferenceMode inference;
  return impl_->vision.image_embeds(impl_->pixels(pictures));
}

std::vector<at::Tensor> ClipJudge::patch_states(const at::Tensor& pictures) const {
  return patch_states(pictures.unbind(0));
}

std::vector<at::Tensor> ClipJudge::patch_states(at::TensorList pictures) const {
  const c10::InferenceMode inference;
  return impl_->vision.patch_states(impl_->pixels(pictures));
}

at::Tensor ClipJudge::text_embeds(const std::vector<std::string>& prompts) const {
  const c10::InferenceMode inference;
  const std::int64_t length = impl_->length();
  std::vector<at::Tensor> embeds;
  for (std::size_t first = 0; first < prompts.size(); first += kTextsAtOnce) {
    std::vector<std::int64_t> ids;
    const std::size_t end = std::min(prompts.size(), first + kTextsAtOnce);
    for (std::size_t i = first; i < end; ++i) {
      const std::vector<std::int64_t> tokens = impl_->tokenizer.encode(prompts[i], length);
      ids.insert(ids.end(), tokens.begin(), tokens.end());
    }
    const at::Tensor batch = at::tensor(ids, at::kLong).view({-1, length});
    embeds.push_back(impl_->text.encode(batch).text_embeds);
  }
  if (embeds.empty() || !embeds[0].defined()) {
    throw usage_error({impl_->folder.string()}, "has no text projection, or there are no prompts");
  }
  return at::cat(embeds, 0);
}

void ClipJudge::warn_of_cut_prompts(const std::vector<std::string>& prompts) const {
  const std::string message = about_cut_prompts(impl_->tokenizer, impl_->length(), prompts);
  if (!message.empty()) say_warning(Place{impl_->folder.string()}, message);
}

double ClipJudge::scale() const { return impl_->scale; }

const std::string& ClipJudge::hash() const { return impl_->hash; }

std::string clip_judge_hash(const fs::path& folder) {
  const fs::path found = model_path(folder);
  std::vector<fs::path> files = find_weights(found).paths;
  files.push_back(found / "preprocessor_config.json");
  return hash_of_files(files);
}

at::Tensor cosines(const at::Tensor& a, const at::Tensor& b) {
  const auto unit = [](const at::Tensor& rows) {
    const at::Tensor x = rows.to(at::kDouble);
    return x / x.norm(2, 1, /*keepdim=*/true);
  };
  return (unit(a) * unit(b)).sum(1);
}

at::Tensor clip_scores(const at::Tensor& image_embeds, const at::Tensor& text_embeds) {
  return kClipScoreWeight * cosines(image_embeds, text_embeds).clamp_min(0);
}

}  // namespace fdbench
