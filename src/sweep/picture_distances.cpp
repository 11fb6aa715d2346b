#include "sweep/picture_distances.h"

#include <cmath>
#include <limits>

#include "metrics/distances.h"
#include "metrics/scores.h"
#include "sweep/interrupt.h"
#include "sweep/picture_unit.h"

namespace fdbench {
namespace {

constexpr std::int64_t kAtOnce = 32;  // pictures that CLIP looks at together
constexpr const char* kPsnr = "/pictures/psnr_to_full";
constexpr const char* kSsim = "/pictures/ssim_to_full";
constexpr const char* kPerceptual = "/pictures/perceptual_to_full";
constexpr const char* kLatents = "/pictures/latent_mse_to_full";

at::Tensor finite(const at::Tensor& values) { return values.index({at::isfinite(values)}); }

double mean_of_finite(const at::Tensor& values) {
  const at::Tensor known = finite(values);
  return known.numel() > 0 ? known.mean().item<double>() : kNotMeasured;
}

struct MeanFields {
  double RunRecord::*value, RunRecord::*low, RunRecord::*high;
};

void fill_mean(RunRecord& record, const MeanFields& fields, const at::Tensor& values,
               int bootstrap) {
  const at::Tensor known = finite(values);
  if (known.numel() == 0) return;
  const Score score = mean_score("", known, {bootstrap, 0});
  record.*fields.value = score.value;
  record.*fields.low = score.low;
  record.*fields.high = score.high;
}

}  // namespace

PictureDistances::PictureDistances(const JudgeSettings& judges, std::size_t num_runs)
    : bootstrap_(judges.bootstrap), runs_(num_runs) {
  if (!judges.clip.empty() && judges.perceptual) clip_ = std::make_unique<ClipJudge>(judges.clip);
}

std::vector<std::string> PictureDistances::datasets() const {
  std::vector<std::string> names = {kPsnr, kSsim, kLatents};
  if (clip_) names.emplace_back(kPerceptual);
  return names;
}

at::Tensor PictureDistances::perceptual(const at::Tensor& images, const at::Tensor& reference) {
  if (!seen_.is_same(reference)) {
    states_.clear();
    for (const at::Tensor& part : reference.split(kAtOnce)) {
      states_.push_back(clip_->patch_states(part));
    }
    seen_ = reference;
  }
  std::vector<at::Tensor> parts;
  for (const at::Tensor& part : images.split(kAtOnce)) {
    check_interrupt();
    parts.push_back(perceptual_distance(clip_->patch_states(part), states_[parts.size()]));
  }
  return at::cat(parts, 0);
}

std::map<std::string, at::Tensor> PictureDistances::add(std::size_t run, const Arrays& arrays,
                                                        const Arrays& reference) {
  const at::Tensor& images = arrays.at(picture_arrays::kImages);
  const at::Tensor& expected = reference.at(picture_arrays::kImages);
  std::map<std::string, at::Tensor> found = {
      {kPsnr, psnr(images, expected)},
      {kSsim, ssim(images, expected)},
      {kLatents,
       latent_mse(arrays.at(picture_arrays::kLatents), reference.at(picture_arrays::kLatents))}};
  if (clip_) {
    found[kPerceptual] = at::equal(images, expected) ? at::zeros({images.size(0)}, at::kDouble)
                                                     : perceptual(images, expected);
  }
  for (const auto& [dataset, values] : found) runs_.at(run)[dataset].push_back(values);
  return found;
}

void PictureDistances::summarise(RunRecord& record, std::size_t run) const {
  const auto& columns = runs_.at(run);
  if (columns.empty()) return;
  const at::Tensor psnr_db = at::cat(columns.at(kPsnr), 0);
  record.num_identical = psnr_db.isinf().sum().item<std::int64_t>();
  record.psnr_to_full = record.num_identical == psnr_db.numel()
                            ? std::numeric_limits<double>::infinity()
                            : mean_of_finite(psnr_db);
  record.latent_mse_to_full = mean_of_finite(at::cat(columns.at(kLatents), 0));
  fill_mean(record,
            {&RunRecord::ssim_to_full, &RunRecord::ssim_to_full_low, &RunRecord::ssim_to_full_high},
            at::cat(columns.at(kSsim), 0), bootstrap_);
  if (!columns.contains(kPerceptual)) return;
  fill_mean(record,
            {&RunRecord::perceptual_to_full, &RunRecord::perceptual_to_full_low,
             &RunRecord::perceptual_to_full_high},
            at::cat(columns.at(kPerceptual), 0), bootstrap_);
}

}  // namespace fdbench
