#include "judging/paired_scores.h"

#include <algorithm>
#include <limits>

#include "core/error.h"
#include "core/progress.h"
#include "metrics/distances.h"

namespace fdbench {
namespace {

/// Pictures
constexpr std::int64_t kAtOnce = 32;
/// [pixels]
constexpr std::int64_t kSsimWindow = 11;
constexpr const char* kPsnr = "psnr";
constexpr const char* kSsim = "ssim";
constexpr const char* kPerceptual = "perceptual";

at::Tensor distance(const std::string& name, const at::Tensor& pictures, const at::Tensor& others,
                    JudgedPictures& judges) {
  if (name == kPsnr) return psnr(pictures, others);
  if (name == kSsim) return ssim(pictures, others);
  const ClipJudge& clip = judges.clip();
  return perceptual_distance(clip.patch_states(pictures), clip.patch_states(others));
}

/// Mean over the pairs that differ, where identical ones are infinitely alike.
Score summary(const std::string& name, const at::Tensor& values, const ScoreOptions& options,
              const PictureSource& pictures) {
  const at::Tensor bad = at::isnan(values);
  if (bad.any().item<bool>()) {
    throw runtime_error({pictures.path().string()},
                        name + " of " + pictures.name(first_true(bad)) + " is not a number");
  }
  const at::Tensor known = values.index({at::isfinite(values)});
  const std::int64_t identical = values.numel() - known.numel();
  Score score{name, std::numeric_limits<double>::infinity()};
  if (known.numel() > 0) score = mean_score(name, known, options);
  if (identical == 0) return score;
  score.remark = known.numel() == 0
                     ? "all " + std::to_string(identical) + " pairs are identical"
                     : std::to_string(identical) + " of " + std::to_string(values.numel()) +
                           " pairs are identical and left out of the mean";
  return score;
}

}  // namespace

const std::vector<std::string>& paired_score_names() {
  static const std::vector<std::string> names = {kPsnr, kSsim, kPerceptual};
  return names;
}

bool is_paired_score(const std::string& name) {
  const std::vector<std::string>& names = paired_score_names();
  return std::find(names.begin(), names.end(), name) != names.end();
}

void check_window(const PictureSource& pictures) {
  for (std::int64_t i = 0; i < pictures.count(); ++i) {
    const PixelSize size = pictures.size(i);
    if (std::min(size.height, size.width) >= kSsimWindow) continue;
    throw usage_error({pictures.path().string()},
                      pictures.name(i) +
                          " is smaller than the window of ssim, 11 x 11 pixels: "
                          "leave it out with --metrics psnr");
  }
}

std::vector<Score> paired_scores(PictureSource pictures, PictureSource others,
                                 const std::vector<std::string>& names, JudgedPictures& judges,
                                 const ScoreOptions& options) {
  std::vector<std::vector<at::Tensor>> values(names.size());
  Progress progress(judges.write_progress(), static_cast<double>(pictures.count()), 0);
  std::int64_t done = 0;
  for (std::vector<at::Tensor> batch; !(batch = pictures.next(kAtOnce)).empty();) {
    const std::vector<at::Tensor> other = others.next(kAtOnce);
    for (const auto& [first, count] : runs_of_a_size(batch)) {
      // clang 14 captures no structured bindings by themselves.
      const auto part = [first = first, count = count](const std::vector<at::Tensor>& all) {
        return at::stack(at::TensorList(all).slice(first, count));
      };
      const at::Tensor own = part(batch), their = part(other);
      for (std::size_t i = 0; i < names.size(); ++i) {
        values[i].push_back(distance(names[i], own, their, judges));
      }
    }
    done += static_cast<std::int64_t>(batch.size());
    progress.show(static_cast<double>(done), "pairs compared");
  }
  std::vector<Score> scores;
  for (std::size_t i = 0; i < names.size(); ++i) {
    scores.push_back(summary(names[i], at::cat(values[i], 0), options, pictures));
  }
  return scores;
}

}  // namespace fdbench
