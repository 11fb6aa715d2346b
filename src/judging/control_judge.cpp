#include "judging/control_judge.h"

#include <algorithm>
#include <set>
#include <string>

#include "core/error.h"
#include "core/number_text.h"
#include "pictures/picture_file.h"
#include "results/unit_arrays.h"

namespace fdbench {
namespace {

/// Pictures
constexpr std::int64_t kAtOnce = 32;
constexpr const char* kF1 = "control_f1";
constexpr const char* kPrecision = "control_precision";
constexpr const char* kRecall = "control_recall";

/// The network whose pictures are asked for. Throws where there is none.
std::size_t control_index(const Experiment& experiment) {
  const auto index = static_cast<std::size_t>(experiment.judges.control_f1->control);
  const std::size_t count = experiment.controls.networks.size();
  if (index < count) return index;
  throw usage_error(
      count == 0
          ? "'control_f1' compares pictures with their control pictures, but "
            "the config has no 'controlnet'"
          : "'control_f1.control' is " + std::to_string(index) + ", but there " +
                (count == 1 ? "is one control network, number 0"
                            : "are " + std::to_string(count) + " control networks, from 0 on"));
}

const at::Tensor& of_name(const EdgeAgreement& agreement, const std::string& name) {
  if (name == kF1) return agreement.f1;
  return name == kPrecision ? agreement.precision : agreement.recall;
}

}  // namespace

ControlJudge::ControlJudge(const Experiment& experiment, PictureSize picture)
    : options_(experiment.judges.control_f1->edges), picture_(picture) {
  const std::size_t index = control_index(experiment);
  preprocessing_ = experiment.controls.networks[index].preprocessing;
  controls_ = experiment.controls.images.at(index);
  const std::set<std::filesystem::path> files(controls_.begin(), controls_.end());
  for (const std::filesystem::path& path : files) {
    load_control_picture(path, picture_, preprocessing_);
  }
}

void ControlJudge::judge(Arrays& arrays, std::int64_t first) const {
  const at::Tensor images = arrays.at(picture_arrays::kImages);
  std::vector<at::Tensor> drawn;
  for (std::int64_t i = 0; i < images.size(0); ++i) {
    const auto index = controls_.size() == 1 ? 0 : static_cast<std::size_t>(first + i);
    const at::Tensor control =
        load_control_picture(controls_.at(index), picture_, preprocessing_)[0];
    drawn.push_back(drawn_edges((control * 255).round().permute({1, 2, 0})));
  }
  const EdgeAgreement agreement = control_agreement(images, at::stack(drawn, 0), options_);
  arrays[judged_arrays::kControlF1] = agreement.f1;
  arrays[judged_arrays::kControlPrecision] = agreement.precision;
  arrays[judged_arrays::kControlRecall] = agreement.recall;
}

std::optional<SettingValue> control_judge_setting(const Experiment& experiment) {
  const std::optional<ControlJudgeSettings>& settings = experiment.judges.control_f1;
  if (!settings) return {};
  const EdgeOptions& edges = settings->edges;
  std::string text = "low " + exact_number_text(edges.canny.low) + " high " +
                     exact_number_text(edges.canny.high) + " tolerance " +
                     std::to_string(edges.tolerance);
  if (settings->control > 0) text += " control " + std::to_string(settings->control);
  return SettingValue(text);
}

const std::vector<std::string>& control_score_names() {
  static const std::vector<std::string> names = {kF1, kPrecision, kRecall};
  return names;
}

bool is_control_score(const std::string& name) {
  const std::vector<std::string>& names = control_score_names();
  return std::find(names.begin(), names.end(), name) != names.end();
}

void check_opaque(const PictureSource& controls) {
  for (const std::string& name : controls.names()) {
    const std::filesystem::path path = controls.path() / name;
    if (!is_transparent(path)) continue;
    throw usage_error({path.string()},
                      "is transparent somewhere, so it is not clear what its edges are");
  }
}

std::vector<Score> control_scores(PictureSource pictures, PictureSource controls,
                                  const std::vector<std::string>& names, const EdgeOptions& edges,
                                  const ScoreOptions& options) {
  std::vector<std::vector<at::Tensor>> values(names.size());
  for (std::vector<at::Tensor> batch; !(batch = pictures.next(kAtOnce)).empty();) {
    const std::vector<at::Tensor> drawn = controls.next(kAtOnce);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const EdgeAgreement agreement =
          control_agreement(batch[i].unsqueeze(0), drawn_edges(drawn.at(i)).unsqueeze(0), edges);
      for (std::size_t k = 0; k < names.size(); ++k) {
        values[k].push_back(of_name(agreement, names[k]));
      }
    }
  }
  std::vector<Score> scores;
  for (std::size_t k = 0; k < names.size(); ++k) {
    scores.push_back(mean_score(names[k], at::cat(values[k], 0), options));
  }
  return scores;
}

}  // namespace fdbench
