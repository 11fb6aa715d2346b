#include "cli/paired_scores.h"

#include <algorithm>
#include <limits>

#include "core/error.h"
#include "core/progress.h"
#include "metrics/distances.h"

namespace fdbench {
namespace {

constexpr std::int64_t kAtOnce = 32;  // pictures
constexpr const char* kPsnr = "psnr";
constexpr const char* kSsim = "ssim";
constexpr const char* kPerceptual = "perceptual";

void check_pair(const PictureSource& pictures, const at::Tensor& batch, const PictureSource& others,
                const at::Tensor& other) {
  if (batch.sizes() == other.sizes()) return;
  throw usage_error({others.path().string()},
                    "holds pictures of " + c10::str(other.sizes().slice(1)) + ", " +
                        pictures.path().string() + " of " + c10::str(batch.sizes().slice(1)) +
                        " (height, width, channels)");
}

at::Tensor distance(const std::string& name, const at::Tensor& pictures, const at::Tensor& others,
                    JudgedPictures& judges) {
  if (name == kPsnr) return psnr(pictures, others);
  if (name == kSsim) return ssim(pictures, others);
  const ClipJudge& clip = judges.clip();
  return perceptual_distance(clip.patch_states(pictures), clip.patch_states(others));
}

Score summary(const std::string& name, const at::Tensor& values, const ScoreOptions& options) {
  const at::Tensor known = values.index({at::isfinite(values)});
  if (known.numel() > 0) return mean_score(name, known, options);
  Score score{name, std::numeric_limits<double>::quiet_NaN()};
  if (name == kPsnr) score.value = std::numeric_limits<double>::infinity();
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

std::vector<Score> paired_scores(PictureSource pictures, PictureSource others,
                                 const std::vector<std::string>& names, JudgedPictures& judges,
                                 const ScoreOptions& options) {
  if (pictures.count() != others.count()) {
    throw usage_error({others.path().string()}, "holds " + std::to_string(others.count()) +
                                                    " pictures, " + pictures.path().string() + " " +
                                                    std::to_string(pictures.count()) +
                                                    ": pairs are those of the same place in both");
  }
  std::vector<std::vector<at::Tensor>> values(names.size());
  Progress progress(stderr, true, static_cast<double>(pictures.count()), 0);
  std::int64_t done = 0;
  for (at::Tensor batch; (batch = pictures.next(kAtOnce)).defined();) {
    const at::Tensor other = others.next(kAtOnce);
    check_pair(pictures, batch, others, other);
    for (std::size_t i = 0; i < names.size(); ++i) {
      values[i].push_back(distance(names[i], batch, other, judges));
    }
    done += batch.size(0);
    progress.show(static_cast<double>(done), "pairs compared");
  }
  std::vector<Score> scores;
  for (std::size_t i = 0; i < names.size(); ++i) {
    scores.push_back(summary(names[i], at::cat(values[i], 0), options));
  }
  return scores;
}

}  // namespace fdbench
