#include "judging/control_judge.h"

#include <algorithm>
#include <set>
#include <string>

#include "core/error.h"
#include "core/hash.h"
#include "core/number_text.h"
#include "io/file_mapping.h"
#include "pictures/picture_file.h"
#include "results/unit_arrays.h"

namespace fdbench {
namespace {

/// Pictures
constexpr std::int64_t kAtOnce = 32;
constexpr const char* kF1 = "control_f1";
constexpr const char* kPrecision = "control_precision";
constexpr const char* kRecall = "control_recall";

/// The control picture of each prompt. Throws where one has none.
std::vector<std::filesystem::path> control_pictures(const Experiment& experiment) {
  const auto index = static_cast<std::size_t>(experiment.judges.control_f1->control);
  std::vector<std::filesystem::path> paths;
  for (std::size_t i = 0; i < experiment.captions.size(); ++i) {
    const std::size_t count =
        i < experiment.control_pictures.size() ? experiment.control_pictures[i].size() : 0;
    if (count > index) {
      paths.push_back(experiment.control_pictures[i][index]);
      continue;
    }
    const std::string prompt = "prompt " + std::to_string(i + 1);
    throw usage_error(
        "'control_f1' compares pictures with their control pictures: " +
        (count == 0
             ? prompt + " has none ('control' of the prompts, 'control_image' of a 'controlnet')"
             : prompt + " has " + std::to_string(count) + ", none of number " +
                   std::to_string(index) + " (counted from 0)"));
  }
  return paths;
}

void check_opaque(const std::filesystem::path& path) {
  if (!is_transparent(path)) return;
  throw usage_error({path.string()},
                    "is transparent somewhere, so it is not clear what its edges are");
}

void check_control(const std::filesystem::path& path, PixelSize wanted) {
  const PixelSize own = picture_size(path);
  const auto text = [](PixelSize size) {
    return std::to_string(size.width) + "x" + std::to_string(size.height);
  };
  if (own != wanted) {
    throw usage_error({path.string()}, "is a control picture of " + text(own) +
                                           " pixels, the pictures to judge by it have " +
                                           text(wanted));
  }
  check_opaque(path);
}

const at::Tensor& of_name(const EdgeAgreement& agreement, const std::string& name) {
  if (name == kF1) return agreement.f1;
  return name == kPrecision ? agreement.precision : agreement.recall;
}

}  // namespace

ControlJudge::ControlJudge(const Experiment& experiment, PixelSize picture)
    : options_(experiment.judges.control_f1->edges),
      size_{picture.height, picture.width},
      controls_(control_pictures(experiment)) {
  const auto index = static_cast<std::size_t>(experiment.judges.control_f1->control);
  const std::vector<ControlSource>& networks = experiment.controls.networks;
  if (index < networks.size()) preprocessing_ = networks[index].preprocessing;
  if (preprocessing_.wanted()) return;
  const std::set<std::filesystem::path> files(controls_.begin(), controls_.end());
  for (const std::filesystem::path& path : files) check_control(path, picture);
}

at::Tensor ControlJudge::drawn(std::size_t picture) const {
  const at::Tensor shown = load_control_picture(controls_.at(picture), size_, preprocessing_);
  return drawn_edges(shown[0].permute({1, 2, 0}).mul(255).round().to(at::kByte));
}

void ControlJudge::judge(Arrays& arrays, std::int64_t first) const {
  const at::Tensor images = arrays.at(picture_arrays::kImages);
  std::vector<at::Tensor> wanted;
  for (std::int64_t i = 0; i < images.size(0); ++i) {
    wanted.push_back(drawn(static_cast<std::size_t>(first + i)));
  }
  const EdgeAgreement agreement = control_agreement(images, at::stack(wanted, 0), options_);
  arrays[judged_arrays::kControlF1] = agreement.f1;
  arrays[judged_arrays::kControlPrecision] = agreement.precision;
  arrays[judged_arrays::kControlRecall] = agreement.recall;
}

std::optional<SettingValue> control_judge_setting(const Experiment& experiment) {
  const std::optional<ControlJudgeSettings>& settings = experiment.judges.control_f1;
  if (!settings) return {};
  const EdgeOptions& edges = settings->edges;
  try {
    std::string hashes;
    for (const std::filesystem::path& path : control_pictures(experiment)) {
      hashes += hash_of_files({path}) + "\n";
    }
    return SettingValue("low " + exact_number_text(edges.canny.low) + " high " +
                        exact_number_text(edges.canny.high) + " tolerance " +
                        std::to_string(edges.tolerance) + " of " + content_hash(hashes));
  } catch (const Error& error) {
    throw error.seen_from(experiment.judges.place);
  }
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
  for (const std::string& name : controls.names()) check_opaque(controls.path() / name);
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
