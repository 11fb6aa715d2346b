#include "plan/deepcache.h"

#include <cmath>
#include <complex>
#include <iterator>
#include <numbers>
#include <set>
#include <vector>

#include "core/error.h"
#include "core/number_text.h"
#include "plan/control_use.h"
#include "plan/strategy.h"

namespace fdbench {
namespace {

/// The library lowers pow by as much until the steps differ.
constexpr double kPowStep = 0.02;
constexpr double kMostPow = 10;

/// Names of the options.
constexpr const char *kBranch = "cache_branch", *kBlockId = "cache_block_id",
                     *kLayerId = "cache_layer_id", *kInterval = "cache_interval",
                     *kSkipMode = "skip_mode", *kCenter = "center", *kPow = "pow";
constexpr const char* kNonUniform = "non_uniform";

/// A skip connection: the layer it starts from and the one that takes it.
struct SkipConnection {
  int source, sink;
};

/// Counted from the output, by the block that takes them.
std::vector<std::vector<SkipConnection>> skip_connections(std::span<const LayerInfo> layers) {
  std::vector<std::vector<SkipConnection>> blocks;
  std::string block;
  for (int layer = static_cast<int>(layers.size()) - 1; layer >= 0; --layer) {
    for (const Edge& input : layers[layer].inputs) {
      if (input.kind != EdgeKind::kSkip || input.layer == kSample) continue;
      if (blocks.empty() || block != layers[layer].block) blocks.emplace_back();
      block = layers[layer].block;
      blocks.back().push_back({without_residuals(input.layer, layers), layer});
    }
  }
  if (blocks.empty()) throw usage_error("strategy 'deepcache' needs a model with skip connections");
  return blocks;
}

/// Throws a usage error unless 0 <= id < count.
void check_id(const std::string& name, int id, std::size_t count, const std::string& owner) {
  if (id >= 0 && id < static_cast<int>(count)) return;
  throw usage_error(name + " " + std::to_string(id) + " is outside 0.." +
                    std::to_string(count - 1) + " of " + owner);
}

void check_quad_center(const QuadCenter& non_uniform, int num_steps) {
  if (non_uniform.center < 0 || non_uniform.center >= num_steps) {
    throw usage_error("center " + std::to_string(non_uniform.center) + " is outside 0.." +
                      std::to_string(num_steps - 1) + ", the steps in sampling order")
        .about(kCenter);
  }
  if (non_uniform.pow > 1 && non_uniform.pow <= kMostPow) return;
  throw usage_error("pow must be above 1 and at most " + number_text(kMostPow) + ", not " +
                    number_text(non_uniform.pow))
      .about(kPow);
}

/// As numpy has it, which squares where pow is 2. Many points are whole numbers then, so that
/// rounding decides on which side of them they come out.
std::complex<double> raise(std::complex<double> point, double pow) {
  return pow == 2 ? point * point : std::pow(point, std::complex<double>(pow));
}

/// num_points evenly spaced points from (-center)^(1/pow) to (num_steps - center)^(1/pow), raised
/// to pow, whole parts. The principal root of a negative number is complex; the library takes the
/// real part at the end, and so does this.
std::set<int> quad_points(int num_points, int center, double pow, int num_steps) {
  using Complex = std::complex<double>;
  const Complex begin = std::polar(std::pow(center, 1 / pow), std::numbers::pi / pow);
  const Complex end = std::pow(static_cast<double>(num_steps - center), 1 / pow);
  std::set<int> points;
  // numpy's way to divide.
  const Complex distance = (end - begin) * (1 / (num_points - 1.0));
  for (int i = 0; i < num_points; ++i) {
    const Complex point = i + 1 == num_points ? end : begin + static_cast<double>(i) * distance;
    points.insert(static_cast<int>(raise(point, pow).real()));
  }
  return points;
}

KeySteps quad_center_key_steps(const QuadCenter& non_uniform, int num_refreshes, int num_steps) {
  const int center = non_uniform.center;
  for (double pow = non_uniform.pow; pow > 1; pow -= kPowStep) {
    const std::set<int> points = quad_points(num_refreshes + 1, center, pow, num_steps);
    if (static_cast<int>(points.size()) != num_refreshes + 1) continue;
    KeySteps key_steps(num_steps);
    key_steps[0] = true;
    for (auto point = std::next(points.begin()); point != std::prev(points.end()); ++point) {
      const int order = *point + center;
      if (order >= 0 && order < num_steps) key_steps[order] = true;
    }
    return key_steps;
  }
  throw usage_error("no " + std::to_string(num_refreshes) + " different refresh steps of " +
                    std::to_string(num_steps) + " around center " + std::to_string(center) +
                    "; choose another center or pow, or a longer cache_interval")
      .about(kCenter);
}

std::optional<QuadCenter> quad_center_of(const OptionSet& values) {
  if (values.get<std::string>(kSkipMode) != kNonUniform) return {};
  if (!values.has(kCenter) || !values.has(kPow)) {
    throw usage_error("skip_mode non_uniform needs center and pow").about(kSkipMode);
  }
  return QuadCenter{values.get<int>(kCenter), values.get<double>(kPow)};
}

/// values: with initial ones; control, which only models with networks have, is not read here.
DeepCacheOptions options_of(const OptionSet& values) {
  return {.cache_block_id = values.get<int>(kBlockId),
          .cache_layer_id = values.get<int>(kLayerId),
          .cache_branch = values.find<int>(kBranch),
          .cache_interval = values.find<int>(kInterval).value_or(0),
          .non_uniform = quad_center_of(values)};
}

Plan make_cached_plan(const StrategyOptions& options, int, std::span<const LayerInfo> layers) {
  DeepCacheOptions of_library = options_of(options.options);
  of_library.control = control_use_of(options.options, of_library.control, layers);
  return deepcache_plan(of_library, options.key_steps, layers);
}

KeySteps key_steps_of(const OptionSet& values, int num_steps) {
  const DeepCacheOptions options = options_of(values);
  return deepcache_key_steps(options.cache_interval, options.non_uniform, num_steps);
}

OptionSet with_ids(OptionSet values, std::span<const LayerInfo> layers) {
  const DeepCacheOptions resolved = resolve_branch(options_of(values), layers);
  values.set(kBlockId, resolved.cache_block_id);
  values.set(kLayerId, resolved.cache_layer_id);
  return values;
}

std::string label_of(const OptionSet& values, const std::string& key_label) {
  const std::string label = deepcache_label(options_of(values), key_label);
  const auto control = values.find<std::string>(kControlOption);
  return control ? label + "/control_" + *control : label;
}

/// Where the deep path is cut off; the order is that of the values in a run's settings.
std::vector<Option> branch_options() {
  return {{.name = kBranch,
           .help = "skip connection from which on the network runs at every step, counted from the "
                   "output through all blocks, in place of both ids"},
          {.name = kBlockId,
           .help = "up block of that skip connection, counted from the output",
           .initial = 0,
           .not_with = {kBranch},
           .column = "cache_block_id"},
          {.name = kLayerId,
           .help = "resnet in that up block, counted from the output",
           .initial = 0,
           .not_with = {kBranch},
           .column = "cache_layer_id"}};
}

/// What key steps are made of.
std::vector<Option> interval_options() {
  const Option::Condition non_uniform = {kSkipMode, kNonUniform};
  return {{.name = kInterval,
           .help = "everything is computed at every so many-th step",
           .low = 1,
           .makes_key_steps = true,
           .column = "cache_interval"},
          {.name = kCenter,
           .help = "the steps of the interval, but dense around this one (sampling order)",
           .flag = "--cache-center",
           .makes_key_steps = true,
           .only_with = non_uniform},
          {.name = kPow,
           .type = OptionType::kReal,
           .help = "how dense, above 1",
           .low = 1,
           .high = kMostPow,
           .flag = "--cache-pow",
           .makes_key_steps = true,
           .only_with = non_uniform},
          {.name = kSkipMode,
           .type = OptionType::kChoice,
           .help = "spacing of the steps of the interval; on the command line center and pow alone "
                   "say non_uniform",
           .initial = "uniform",
           .words = {"uniform", kNonUniform},
           .flag = "",
           .makes_key_steps = true}};
}

}  // namespace

KeySteps deepcache_key_steps(int cache_interval, const std::optional<QuadCenter>& non_uniform,
                             int num_steps) {
  if (cache_interval < 1) {
    throw usage_error("cache_interval must be at least 1, not " + std::to_string(cache_interval))
        .about(kInterval);
  }
  if (non_uniform) check_quad_center(*non_uniform, num_steps);
  if (!non_uniform || cache_interval == 1) return uniform_key_steps(cache_interval, num_steps);
  const int num_refreshes = (num_steps - 1) / cache_interval + 1;
  return quad_center_key_steps(*non_uniform, num_refreshes, num_steps);
}

DeepCacheOptions resolve_branch(DeepCacheOptions options, std::span<const LayerInfo> layers) {
  const auto blocks = skip_connections(layers);
  if (options.cache_branch) {
    std::size_t count = 0;
    for (const auto& block : blocks) count += block.size();
    check_id("cache_branch", *options.cache_branch, count, "this model");
    options.cache_block_id = 0;
    options.cache_layer_id = *options.cache_branch;
    while (options.cache_layer_id >= static_cast<int>(blocks[options.cache_block_id].size())) {
      options.cache_layer_id -= static_cast<int>(blocks[options.cache_block_id++].size());
    }
  }
  check_id("cache_block_id", options.cache_block_id, blocks.size(), "this model");
  check_id("cache_layer_id", options.cache_layer_id, blocks[options.cache_block_id].size(),
           "cache_block_id " + std::to_string(options.cache_block_id) + " of this model");
  return options;
}

Plan deepcache_plan(const DeepCacheOptions& options, const KeySteps& key_steps,
                    std::span<const LayerInfo> layers) {
  const DeepCacheOptions ids = resolve_branch(options, layers);
  const SkipConnection branch = skip_connections(layers)[ids.cache_block_id][ids.cache_layer_id];
  const int num_steps = static_cast<int>(key_steps.size());
  Plan plan(num_steps, static_cast<int>(layers.size()));
  for (int step = 0; step < num_steps; ++step) {
    if (key_steps[step]) continue;
    for (int layer = branch.source + 1; layer < branch.sink; ++layer) {
      const bool is_deep = without_residuals(layer, layers) > branch.source;
      if (is_deep) plan.set(step, layer, Cell::kReuse);
    }
  }
  set_networks(plan, key_steps, layers, options.control);
  return plan;
}

std::string deepcache_label(const DeepCacheOptions& options, const std::string& key_label) {
  std::string label = key_label;
  if (options.cache_interval > 0) label = "interval_" + std::to_string(options.cache_interval);
  if (options.non_uniform) {
    label += "_center_" + std::to_string(options.non_uniform->center) + "_pow_" +
             number_text(options.non_uniform->pow);
  }
  if (options.cache_branch.value_or(0) > 0) {
    label += "/branch_" + std::to_string(*options.cache_branch);
  } else if (options.cache_block_id > 0 || options.cache_layer_id > 0) {
    label += "/block_" + std::to_string(options.cache_block_id) + "_layer_" +
             std::to_string(options.cache_layer_id);
  }
  return label;
}

Strategy deepcache_strategy() {
  std::vector<Option> options = branch_options();
  for (Option& option : interval_options()) options.push_back(std::move(option));
  options.push_back(control_option(ControlUse::kCompute));
  return {.name = "deepcache",
          .help = "reuses the deep path behind a skip connection between key steps (DeepCache)",
          .key_steps = KeyStepUse::kOptional,
          .options = std::move(options),
          .needs_one_of = {kInterval, "key_steps"},
          .settings_key = "cache",
          .make = make_cached_plan,
          .make_key_steps = key_steps_of,
          .resolve = with_ids,
          .label = label_of};
}

}  // namespace fdbench
