#include "sweep/traced_features.h"

#include <algorithm>
#include <limits>
#include <map>

#include "core/notes.h"
#include "probes/principal_components.h"
#include "probes/step_similarity.h"
#include "results/unit_arrays.h"
#include "work/drawn_steps.h"

namespace fdbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// How many of `count` pictures from `first` on are among the first `limit`.
int num_among(int limit, std::int64_t first, std::int64_t count) {
  return static_cast<int>(std::clamp<std::int64_t>(limit - first, 0, count));
}

/// Places of `to` entries in a row of `from`, the nearest ones.
at::Tensor nearest_places(std::int64_t from, std::int64_t to) {
  return at::arange(to, at::kLong).mul(from).floor_divide(to);
}

/// images: [..., h, w, 3] -> [..., height, width, 3], each pixel repeated.
at::Tensor enlarged(const at::Tensor& images, std::int64_t height, std::int64_t width) {
  const std::int64_t rows = images.dim() - 3, columns = images.dim() - 2;
  return images.index_select(rows, nearest_places(images.size(rows), height))
      .index_select(columns, nearest_places(images.size(columns), width));
}

/// [..., h, w, 3] each, brought to the largest h and w.
std::vector<at::Tensor> all_enlarged(std::vector<at::Tensor> images) {
  std::int64_t height = 0, width = 0;
  for (const at::Tensor& image : images) {
    height = std::max(height, image.size(-3));
    width = std::max(width, image.size(-2));
  }
  for (at::Tensor& image : images) image = enlarged(image, height, width);
  return images;
}

/// Layers of the stage among `columns` of the watched ones.
std::vector<int> layers_of(const PreparedSweep& sweep, std::size_t stage,
                           const std::vector<int>& columns) {
  std::vector<int> layers;
  for (const int column : columns) {
    const WatchedLayer& watched = sweep.watched[static_cast<std::size_t>(column)];
    if (watched.stage == stage) layers.push_back(watched.layer);
  }
  return layers;
}

/// A picture of fewer than three components lacks colours: that is no fault of the features.
void say_if_few_channels(const std::string& name, const std::vector<at::Tensor>& features) {
  for (const at::Tensor& step : features) {
    if (!step.defined() || step.size(0) >= kNumComponents) continue;
    say_note("features.pca: '" + name + "' has " + std::to_string(step.size(0)) +
             " channels, so that its picture has no colour for the components from " +
             std::to_string(step.size(0) + 1) + " to 3");
  }
}

std::vector<int> numbers_below(int end) {
  std::vector<int> numbers(static_cast<std::size_t>(end));
  for (int i = 0; i < end; ++i) numbers[static_cast<std::size_t>(i)] = i;
  return numbers;
}

}  // namespace

TracedFeatures::TracedFeatures(const PreparedSweep& sweep, const PreparedRun& run,
                               std::size_t stage, std::int64_t first, std::int64_t count) {
  const FeatureSettings& settings = sweep.experiment.features;
  const StageRun& of_stage = run.stages[stage];
  const auto batch = static_cast<int>(count);
  num_similar_ = num_among(settings.similarity.pictures, first, count);
  num_drawn_ = num_among(settings.pca.pictures, first, count);
  if (num_similar_ > 0) {
    const int all = static_cast<int>(sweep.watched.size());
    const std::vector<int> layers = layers_of(sweep, stage, numbers_below(all));
    num_columns_ = static_cast<int>(layers.size());
    all_steps_.emplace(layers, numbers_below(of_stage.plan.num_steps()), batch, num_similar_);
  }
  if (num_drawn_ > 0) {
    const std::vector<int> layers = layers_of(sweep, stage, pca_columns(sweep));
    for (const int column : pca_columns(sweep)) {
      const WatchedLayer& watched = sweep.watched[static_cast<std::size_t>(column)];
      if (watched.stage == stage) drawn_names_.push_back(watched.name);
    }
    drawn_steps_.emplace(layers, pca_steps(sweep, run, stage), batch, num_drawn_);
  }
}

void TracedFeatures::observe(int step, int layer, const at::Tensor& output) {
  if (all_steps_) all_steps_->observe(step, layer, output);
  if (drawn_steps_) drawn_steps_->observe(step, layer, output);
}

Arrays TracedFeatures::arrays(const std::vector<bool>& dropped) {
  Arrays arrays;
  if (all_steps_ && num_columns_ > 0) {
    all_steps_->finish(dropped);
    arrays = similarity();
  }
  if (drawn_steps_ && !drawn_names_.empty()) {
    drawn_steps_->finish(dropped);
    arrays.merge(components());
  }
  return arrays;
}

Arrays TracedFeatures::similarity() const {
  std::vector<at::Tensor> cosine, distance;
  for (int picture = 0; picture < num_similar_; ++picture) {
    std::vector<at::Tensor> cosines, distances;
    for (int column = 0; column < num_columns_; ++column) {
      const StepSimilarity found = step_similarity(all_steps_->features(column, picture));
      cosines.push_back(found.cosine);
      distances.push_back(found.distance);
    }
    cosine.push_back(at::stack(cosines));
    distance.push_back(at::stack(distances));
  }
  return {{picture_arrays::kCosine, at::stack(cosine)},
          {picture_arrays::kDistance, at::stack(distance)}};
}

Arrays TracedFeatures::components() const {
  std::vector<at::Tensor> images, explained;
  for (int picture = 0; picture < num_drawn_; ++picture) {
    std::vector<at::Tensor> of_columns, shares;
    for (int column = 0; column < static_cast<int>(drawn_names_.size()); ++column) {
      const std::vector<at::Tensor> features = drawn_steps_->features(column, picture);
      say_if_few_channels(drawn_names_[static_cast<std::size_t>(column)], features);
      const PrincipalComponents found = principal_components(features);
      of_columns.push_back(colours_of(found));
      shares.push_back(found.explained);
    }
    images.push_back(at::stack(all_enlarged(std::move(of_columns))));
    explained.push_back(at::stack(shares));
  }
  return {{picture_arrays::kPcaImages, at::stack(images)},
          {picture_arrays::kPcaExplained, at::stack(explained)}};
}

Arrays traced_beside(const std::vector<Arrays>& stages) {
  std::map<std::string, std::vector<at::Tensor>> by_name;
  for (const Arrays& stage : stages) {
    for (const auto& [name, values] : stage) by_name[name].push_back(values);
  }
  Arrays joined;
  for (auto& [name, parts] : by_name) {
    const bool is_map = name == picture_arrays::kCosine || name == picture_arrays::kDistance;
    // [n, B, S, S] or [n, C, T, h, w, 3].
    const std::int64_t steps_axis = 2;
    std::int64_t most = 0;
    if (name != picture_arrays::kPcaExplained) {
      for (const at::Tensor& part : parts) most = std::max(most, part.size(steps_axis));
      for (at::Tensor& part : parts) {
        const std::int64_t lacking = most - part.size(steps_axis);
        if (lacking == 0) continue;
        const std::vector<std::int64_t> padding =
            is_map ? std::vector<std::int64_t>{0, lacking, 0, lacking}
                   : std::vector<std::int64_t>{0, 0, 0, 0, 0, 0, 0, lacking};
        part = at::constant_pad_nd(part, padding, is_map ? kNan : 0);
      }
    }
    if (name == picture_arrays::kPcaImages) parts = all_enlarged(std::move(parts));
    joined[name] = at::cat(parts, 1);
  }
  return joined;
}

}  // namespace fdbench
