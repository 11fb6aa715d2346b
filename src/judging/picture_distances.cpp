#include "judging/picture_distances.h"

#include <cstdio>
#include <iterator>
#include <limits>
#include <utility>

#include "core/error.h"
#include "core/interrupt.h"
#include "judging/mean_fields.h"
#include "metrics/distances.h"
#include "results/unit_arrays.h"

namespace fdbench {
namespace {

/// Pictures that CLIP looks at together.
constexpr std::int64_t kAtOnce = 8;
// States of a baseline's pictures that wait for the next run [bytes]: CLIP-L's are 25 MB a picture.
constexpr std::size_t kMostHeld = std::size_t{256} << 20;
constexpr const char* kPsnr = "/pictures/psnr_to_full";
constexpr const char* kSsim = "/pictures/ssim_to_full";
constexpr const char* kPerceptual = "/pictures/perceptual_to_full";
constexpr const char* kLatents = "/pictures/latent_mse_to_full";

double mean_of_finite(const at::Tensor& values) {
  const at::Tensor finite = values.index({at::isfinite(values)});
  return finite.numel() > 0 ? finite.mean().item<double>() : kNotMeasured;
}

std::size_t num_bytes(const std::vector<at::Tensor>& states) {
  std::size_t bytes = 0;
  for (const at::Tensor& layer : states) bytes += layer.nbytes();
  return bytes;
}

}  // namespace

PictureDistances::PictureDistances(const JudgeSettings& judges, std::size_t num_runs,
                                   std::int64_t num_pictures, ProgressWriter write)
    : bootstrap_(judges.bootstrap),
      progress_(std::move(write), static_cast<double>(num_pictures) * static_cast<double>(num_runs),
                0),
      runs_(num_runs) {
  if (!judges.clip.empty() && judges.perceptual) clip_ = std::make_unique<ClipJudge>(judges.clip);
}

std::vector<std::string> PictureDistances::datasets() const {
  std::vector<std::string> names = {kPsnr, kSsim, kLatents};
  if (clip_) names.emplace_back(kPerceptual);
  return names;
}

const std::vector<at::Tensor>& PictureDistances::states_of(const at::Tensor& reference,
                                                           std::size_t part) {
  if (!seen_.is_same(reference)) {
    states_.clear();
    seen_ = reference;
  }
  const auto found = states_.find(part);
  if (found != states_.end()) return found->second;
  std::size_t held = 0;
  for (const auto& [other, states] : states_) held += num_bytes(states);
  if (held > kMostHeld) states_.erase(std::prev(states_.end()));
  const at::Tensor pictures = reference.split(kAtOnce)[part];
  return states_[part] = clip_->patch_states(pictures);
}

at::Tensor PictureDistances::perceptual(const at::Tensor& images, const at::Tensor& reference) {
  std::vector<at::Tensor> parts;
  for (const at::Tensor& part : images.split(kAtOnce)) {
    check_interrupt();
    const std::vector<at::Tensor>& expected = states_of(reference, parts.size());
    parts.push_back(perceptual_distance(clip_->patch_states(part), expected));
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
  done_ += images.size(0);
  if (clip_) progress_.show(static_cast<double>(done_), "distances to the baseline's pictures");
  for (const auto& [dataset, values] : found) runs_.at(run)[dataset].push_back(values);
  return found;
}

void PictureDistances::summarise(RunRecord& record, std::size_t run) const {
  const auto& columns = runs_.at(run);
  if (columns.empty()) return;
  const at::Tensor psnr_db = at::cat(columns.at(kPsnr), 0);
  const at::Tensor latent_mses = at::cat(columns.at(kLatents), 0);
  if (psnr_db.isnan().any().item<bool>() || !at::isfinite(latent_mses).all().item<bool>()) {
    throw runtime_error("run '" + record.name +
                        "': the distance of a picture to the baseline's is "
                        "not a number");
  }
  record.num_identical = psnr_db.isinf().sum().item<std::int64_t>();
  record.psnr_to_full = record.num_identical == psnr_db.numel()
                            ? std::numeric_limits<double>::infinity()
                            : mean_of_finite(psnr_db);
  record.latent_mse_to_full = latent_mses.mean().item<double>();
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
