#include "sweep/judges.h"

#include <algorithm>

#include "core/error.h"
#include "core/hash.h"
#include "io/file_mapping.h"
#include "sweep/picture_unit.h"

namespace fdbench {
namespace {

constexpr std::int64_t kAtOnce = 32;  // pictures that a network looks at together

/// Runs an action; a fault is given the place of `judges` in the config.
template <typename Action>
auto at_judges(const JudgeSettings& judges, const Action& action) {
  try {
    return action();
  } catch (const Error& error) {
    throw Error(error.kind(), judges.place, error.what());
  }
}

std::string file_hash(const std::filesystem::path& path) {
  const FileMapping mapping(path);
  return content_hash(mapping.data(), mapping.size());
}

std::vector<ExpectedScene> expected_scenes(const Experiment& experiment) {
  std::vector<ExpectedScene> scenes;
  for (std::size_t i = 0; i < experiment.captions.size(); ++i) {
    if (i >= experiment.scenes.size() || experiment.scenes[i].is_null()) {
      throw usage_error(
          "'scenes' wants prompts with a 'scene' each, as in "
          "configs/prompts/quick.json; prompt " +
          std::to_string(i) + " has none");
    }
    scenes.push_back(expected_scene(experiment.scenes[i]));
  }
  return scenes;
}

}  // namespace

SweepJudges::SweepJudges(const Experiment& experiment) : experiment_(experiment) {
  const JudgeSettings& judges = experiment.judges;
  at_judges(judges, [&] {
    if (!judges.clip.empty()) clip_ = std::make_unique<ClipJudge>(judges.clip);
    if (!judges.network.empty()) {
      network_ = std::make_unique<FeatureNetwork>(judges.network, judges.protocol);
    }
    if (judges.scenes.empty()) return;
    reader_ = std::make_unique<SceneReader>(judges.scenes);
    scenes_ = expected_scenes(experiment);
  });
}

void SweepJudges::judge(Arrays& arrays, std::int64_t first) const {
  const at::Tensor images = arrays.at(picture_arrays::kImages);
  const std::int64_t count = images.size(0);
  std::vector<at::Tensor> features, clip_embeds;
  for (const at::Tensor& part : images.split(kAtOnce)) {
    if (clip_) clip_embeds.push_back(clip_->image_embeds(part));
    if (network_) features.push_back((*network_)(part).pooled);
  }
  if (clip_) {
    const auto begin = experiment_.captions.begin() + first;
    const at::Tensor embeds = at::cat(clip_embeds, 0);
    arrays[judged_arrays::kClipScore] =
        clip_scores(embeds, clip_->text_embeds({begin, begin + count}));
    if (!network_) arrays[judged_arrays::kFeatures] = embeds.to(at::kFloat);
  }
  if (network_) arrays[judged_arrays::kFeatures] = at::cat(features, 0).to(at::kFloat);
  if (!reader_) return;
  std::vector<double> objects, whole;
  for (std::int64_t i = 0; i < count; ++i) {
    const SceneVerdict verdict =
        reader_->judge(images[i], scenes_[static_cast<std::size_t>(first + i)]);
    objects.push_back(static_cast<double>(verdict.right) / static_cast<double>(verdict.objects));
    whole.push_back(verdict.whole() ? 1 : 0);
  }
  arrays[judged_arrays::kObjects] = at::tensor(objects, at::kDouble);
  arrays[judged_arrays::kWhole] = at::tensor(whole, at::kDouble);
}

Settings judge_settings(const JudgeSettings& judges) {
  Settings settings;
  at_judges(judges, [&] {
    if (!judges.clip.empty()) {
      settings["judges.clip"] = content_hash(file_hash(judges.clip / "model.safetensors") +
                                             file_hash(judges.clip / "preprocessor_config.json"));
    }
    if (!judges.network.empty()) {
      settings["judges.network"] = file_hash(judges.network) + " " + judges.protocol.text();
    }
    if (!judges.scenes.empty()) {
      settings["judges.scenes"] = content_hash(file_hash(judges.scenes / "scene_reader.json") +
                                               file_hash(judges.scenes / "scene_reader.npz"));
    }
    if (!judges.reference.empty()) {
      settings["judges.reference"] = file_hash(judges.reference);
      for (const std::string& metric : judges.metrics) {
        settings["judges.metrics"] += (settings["judges.metrics"].empty() ? "" : " ") + metric;
      }
    }
    if (judges.wanted()) settings["judges.bootstrap"] = std::to_string(judges.bootstrap);
  });
  return settings;
}

}  // namespace fdbench
