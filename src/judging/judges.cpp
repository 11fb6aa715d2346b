#include "judging/judges.h"

#include <algorithm>

#include "core/error.h"
#include "core/notes.h"
#include "io/file_mapping.h"
#include "results/unit_arrays.h"

namespace fdbench {
namespace {

/// Pictures that a network looks at together.
constexpr std::int64_t kAtOnce = 32;
/// As many neighbours as precision and recall count.
constexpr std::int64_t kFewestPictures = 4;

/// Runs an action; a fault is given the place of `judges` in the config.
template <typename Action>
auto at_judges(const JudgeSettings& judges, const Action& action) {
  try {
    return action();
  } catch (const Error& error) {
    throw error.seen_from(judges.place);
  }
}

std::optional<SettingValue> if_given(bool is_given, const auto& value) {
  return is_given ? std::optional<SettingValue>(value()) : std::nullopt;
}

/// The metrics with blanks between them.
std::string metrics_text(const JudgeSettings& judges) {
  std::string text;
  for (const std::string& metric : judges.metrics) text += (text.empty() ? "" : " ") + metric;
  return text;
}

std::string scorers_text(const JudgeSettings& judges) {
  std::string text;
  for (const ScorerSettings& scorer : judges.scorers) {
    text += (text.empty() ? "" : ", ") + scorer.name + " " + scorer_hash(scorer);
  }
  return text;
}

std::optional<SettingValue> value_of(Setting setting, const JudgeSettings& judges) {
  const bool has_clip = !judges.clip.empty(), has_reference = !judges.reference.empty();
  switch (setting) {
    case Setting::kJudgesClip:
      return if_given(has_clip, [&] { return clip_judge_hash(judges.clip); });
    case Setting::kJudgesNetwork:
      return if_given(!judges.network.empty(), [&] {
        return feature_network_hash(judges.network, judges.protocol) + " " + judges.protocol.text();
      });
    case Setting::kJudgesScenes:
      return if_given(!judges.scenes.empty(), [&] { return scene_reader_hash(judges.scenes); });
    case Setting::kJudgesScorers:
      return if_given(!judges.scorers.empty(), [&] { return scorers_text(judges); });
    case Setting::kJudgesReference:
      return if_given(has_reference, [&] { return hash_of_files({judges.reference}); });
    case Setting::kJudgesMetrics:
      return if_given(has_reference, [&] { return metrics_text(judges); });
    case Setting::kJudgesPerceptual:
      return if_given(has_clip && !judges.perceptual, [] { return false; });
    case Setting::kJudgesKeepFeatures:
      return if_given(judges.keep_features, [] { return true; });
    case Setting::kJudgesBootstrap:
      return if_given(judges.wanted(), [&] { return std::int64_t{judges.bootstrap}; });
    default:
      return {};
  }
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

void check_size(std::int64_t height, std::int64_t width) {
  if (height == SceneReader::kSide && width == SceneReader::kSide) return;
  throw usage_error("'scenes' reads drawn pictures of 64x64 pixels, this model makes " +
                    std::to_string(width) + "x" + std::to_string(height) +
                    ": judge it with networks that know such pictures (--set 'judges={clip: "
                    "FOLDER}'), or not at all (--set judges=false)");
}

/// Throws for a picture of which a judge gives what is not a number. values: [n] or [n, d].
void check_numbers(const at::Tensor& values, const std::string& name, std::int64_t first,
                   const Experiment& experiment) {
  const at::Tensor good = at::isfinite(values).flatten(1 < values.dim() ? 1 : 0);
  const at::Tensor rows = good.dim() > 1 ? good.all(1) : good;
  if (rows.all().item<bool>()) return;
  const std::int64_t picture = first + rows.logical_not().nonzero()[0].item<std::int64_t>();
  throw runtime_error(experiment.judges.place,
                      "what the judge gives as " + name.substr(name.rfind('/') + 1) +
                          " of picture " + std::to_string(picture) + " ('" +
                          experiment.captions[static_cast<std::size_t>(picture)] +
                          "') is not a number");
}

/// Dimension of the reference's features. Throws where it cannot be used.
std::int64_t checked_reference(const JudgeSettings& judges, std::int64_t num_pictures) {
  const JudgedSet reference = load_judged_set(judges.reference);
  if (!reference.network.empty() && reference.network != feature_judge_hash(judges)) {
    throw usage_error({reference.name},
                      "was seen by another network or with another resize than the sweep's "
                      "pictures are: make it with `fdbench stats` and the same judge");
  }
  if (num_pictures < kFewestPictures) {
    throw usage_error("a comparison with the reference wants at least " +
                      std::to_string(kFewestPictures) + " prompts, there are " +
                      std::to_string(num_pictures) + "; or leave 'reference' out");
  }
  metrics_against(judges, reference);
  return reference.moments ? reference.moments->mean.numel() : 0;
}

}  // namespace

SweepJudges::SweepJudges(const Experiment& experiment, PictureSize picture)
    : experiment_(experiment) {
  const JudgeSettings& judges = experiment.judges;
  at_judges(judges, [&] {
    if (!judges.clip.empty()) clip_ = std::make_unique<ClipJudge>(judges.clip);
    if (clip_) clip_->warn_of_cut_prompts(experiment.captions);
    if (!judges.network.empty()) {
      network_ = std::make_unique<FeatureNetwork>(judges.network, judges.protocol);
    }
    if (!judges.reference.empty()) {
      check_dimension(picture, checked_reference(judges, experiment.num_pictures()));
    }
    for (const ScorerSettings& scorer : judges.scorers) {
      scorers_.emplace_back(scorer).warn_of_cut_prompts(experiment.captions);
    }
    check_scorers(picture);
    if (judges.control_f1) control_.emplace(experiment, picture);
    if (judges.scenes.empty()) return;
    check_size(picture.height, picture.width);
    reader_ = std::make_unique<SceneReader>(judges.scenes);
    scenes_ = expected_scenes(experiment);
  });
}

void SweepJudges::check_dimension(PictureSize picture, std::int64_t of_reference) const {
  const at::Tensor blank = at::zeros({1, picture.height, picture.width, 3}, at::kByte);
  const std::int64_t seen =
      network_ ? (*network_)(blank).pooled.size(1) : clip_->image_embeds(blank).size(1);
  if (seen == of_reference) return;
  throw usage_error("the judge sees " + std::to_string(seen) +
                    " features in a picture, the reference holds " + std::to_string(of_reference));
}

void SweepJudges::check_scorers(PictureSize picture) const {
  const at::Tensor blank = at::zeros({2, picture.height, picture.width, 3}, at::kByte);
  const std::string& prompt = experiment_.captions.front();
  for (const Scorer& scorer : scorers_) scorer(blank, {prompt, prompt});
}

at::Tensor SweepJudges::scores(const at::Tensor& images, std::int64_t first) const {
  std::vector<at::Tensor> columns;
  for (const Scorer& scorer : scorers_) {
    std::vector<at::Tensor> parts;
    auto caption = experiment_.captions.begin() + first;
    for (const at::Tensor& part : images.split(kAtOnce)) {
      parts.push_back(scorer(part, {caption, caption + part.size(0)}));
      caption += part.size(0);
    }
    columns.push_back(at::cat(parts, 0));
    check_numbers(columns.back(), scorer.name(), first, experiment_);
  }
  return at::stack(columns, 1);
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
  for (const char* name : {judged_arrays::kFeatures, judged_arrays::kClipScore}) {
    const auto found = arrays.find(name);
    if (found != arrays.end()) check_numbers(found->second, name, first, experiment_);
  }
  if (!scorers_.empty()) arrays[judged_arrays::kScores] = scores(images, first);
  if (control_) control_->judge(arrays, first);
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

std::vector<std::string> metrics_against(const JudgeSettings& judges, const JudgedSet& reference) {
  std::vector<std::string> kept;
  std::string left_out;
  for (const std::string& metric : judges.metrics) {
    if (metric == "fid" || reference.features.pooled.defined()) {
      kept.push_back(metric);
      continue;
    }
    if (judges.metrics_named) {
      throw usage_error({reference.name},
                        "holds no features of single pictures, which " + metric +
                            " needs: make it with --keep-features, or ask for metrics: [fid]");
    }
    left_out += (left_out.empty() ? "" : ", ") + metric;
  }
  if (!left_out.empty()) {
    say_note({reference.name}, "holds mu and sigma alone: " + left_out +
                                   " need features of single pictures (`fdbench stats "
                                   "--keep-features`) and are left out");
  }
  return kept;
}

std::string feature_judge_hash(const JudgeSettings& judges) {
  if (!judges.network.empty()) return feature_network_hash(judges.network, judges.protocol);
  return judges.clip.empty() ? "" : clip_judge_hash(judges.clip);
}

std::optional<SettingValue> judge_setting(Setting setting, const JudgeSettings& judges) {
  return at_judges(judges, [&] { return value_of(setting, judges); });
}

}  // namespace fdbench
