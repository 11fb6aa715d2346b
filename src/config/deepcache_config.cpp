#include "config/deepcache_config.h"

#include "config/key_step_config.h"
#include "config/run_config.h"

namespace fdbench {
namespace {

constexpr const char* kKeys[] = {
    "cache_interval", "cache_branch", "cache_block_id", "cache_layer_id", "skip_mode",
    "center",         "pow"};
constexpr int kMost = 100'000;  // of an interval, and of an id that the model will refuse

int small_integer(ConfigMap& map, const char* key, int low) {
  return static_cast<int>(map.at(key).integer(low, kMost));
}

/// Throws where `key` stands beside one that it does not go with.
void refuse_beside(ConfigMap& map, const char* key, const std::string& other) {
  if (!map.has(key)) return;
  throw map.at(key).error("'" + std::string(key) + "' does not go with " + other);
}

void read_branch(ConfigMap& map, DeepCacheOptions& options) {
  if (map.has("cache_branch")) {
    options.cache_branch = small_integer(map, "cache_branch", 0);
    refuse_beside(map, "cache_block_id", "'cache_branch'");
    refuse_beside(map, "cache_layer_id", "'cache_branch'");
  }
  if (map.has("cache_block_id")) options.cache_block_id = small_integer(map, "cache_block_id", 0);
  if (map.has("cache_layer_id")) options.cache_layer_id = small_integer(map, "cache_layer_id", 0);
}

void read_skip_mode(ConfigMap& map, DeepCacheOptions& options) {
  const std::string mode =
      map.has("skip_mode") ? map.at("skip_mode").choice({"uniform", "non_uniform"}) : "uniform";
  if (mode == "non_uniform") {
    options.non_uniform = {small_integer(map, "center", 0), map.at("pow").number()};
    return;
  }
  for (const char* key : {"center", "pow"}) refuse_beside(map, key, "skip_mode uniform");
}

}  // namespace

std::string read_deepcache(ConfigMap& map, RunSpec& run) {
  DeepCacheOptions options;
  read_branch(map, options);
  std::string key_label;
  if (map.has("key_steps")) {
    for (const char* key : {"cache_interval", "skip_mode", "center", "pow"}) {
      refuse_beside(map, key, "'key_steps'");
    }
    NamedKeySteps named = read_key_steps(map.at("key_steps"), run.num_steps);
    run.strategy.key_steps = std::move(named.key_steps);
    key_label = named.label;
  } else if (map.has("cache_interval")) {
    options.cache_interval = small_integer(map, "cache_interval", 1);
    read_skip_mode(map, options);
    const ConfigValue cause = map.at(options.non_uniform ? "center" : "cache_interval");
    run.strategy.key_steps = at_place(cause, [&] {
      return deepcache_key_steps(options.cache_interval, options.non_uniform, run.num_steps);
    });
  } else {
    throw map.value().error("the strategy deepcache needs cache_interval or key_steps");
  }
  run.strategy.deepcache = options;
  return deepcache_label(options, key_label);
}

void refuse_deepcache_keys(ConfigMap& map) {
  for (const char* key : kKeys) {
    if (!map.has(key)) continue;
    throw map.at(key).error("'" + std::string(key) + "' belongs to the strategy deepcache");
  }
}

}  // namespace fdbench
