#include "work/predicted_samples.h"

#include <algorithm>

#include "results/run_fields.h"
#include "results/unit_arrays.h"
#include "work/drawn_steps.h"

namespace fdbench {

PredictedSamples::PredictedSamples(const PreparedSweep& sweep, const PreparedRun& run,
                                   std::int64_t first, std::int64_t count)
    : steps_(predicted_steps(sweep, run)),
      num_pictures_(
          std::clamp<std::int64_t>(sweep.experiment.pictures.predicted.pictures - first, 0, count)),
      samples_(steps_.size()) {}

void PredictedSamples::observe(int step, const at::Tensor& sample) {
  const auto found = std::find(steps_.begin(), steps_.end(), step);
  if (found == steps_.end()) return;
  // Samplers may give back what they were given.
  samples_[static_cast<std::size_t>(found - steps_.begin())] =
      sample.narrow(0, 0, num_pictures_).clone();
}

Arrays PredictedSamples::arrays(const Task& task, const at::Tensor& latents,
                                const at::Tensor& images) const {
  const at::Tensor nowhere =
      at::full_like(latents.narrow(0, 0, num_pictures_), kNotMeasured, at::kFloat);
  const at::Tensor black = at::zeros_like(images.narrow(0, 0, num_pictures_));
  std::vector<at::Tensor> kept, decoded;
  for (const at::Tensor& sample : samples_) {
    kept.push_back((sample.defined() ? sample : nowhere).to(at::kCPU, at::kFloat));
    decoded.push_back(sample.defined() ? task.decode(sample.to(latents.scalar_type())) : black);
  }
  return {{picture_arrays::kPredictedLatents, at::stack(kept, 1)},
          {picture_arrays::kPredictedImages, at::stack(decoded, 1)}};
}

}  // namespace fdbench
