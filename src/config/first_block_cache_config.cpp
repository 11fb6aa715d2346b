#include "config/first_block_cache_config.h"

namespace fdbench {
namespace {

constexpr int kMost = 100'000;  // of a branch that the model will refuse, and of steps

int small_integer(ConfigMap& map, const char* key, int low) {
  return static_cast<int>(map.at(key).integer(low, kMost));
}

}  // namespace

std::string read_first_block_cache(ConfigMap& map, RunSpec& run) {
  if (map.has("key_steps")) {
    throw map.at("key_steps").error("the strategy first_block_cache finds its key steps itself");
  }
  FirstBlockCacheOptions options;
  if (map.has("threshold")) options.threshold = map.at("threshold").number();
  if (map.has("cache_branch")) options.cache_branch = small_integer(map, "cache_branch", 0);
  if (map.has("warmup")) options.warmup = small_integer(map, "warmup", 0);
  if (map.has("max_run")) options.max_run = small_integer(map, "max_run", 0);
  at_place(map.has("threshold") ? map.at("threshold") : map.value(),
           [&] { check_first_block_cache(options); });
  run.strategy.first_block_cache = options;
  return first_block_cache_label(options);
}

void refuse_first_block_cache_keys(ConfigMap& map) {
  for (const char* key : {"threshold", "warmup", "max_run"}) {
    if (!map.has(key)) continue;
    throw map.at(key).error("'" + std::string(key) + "' belongs to the strategy first_block_cache");
  }
}

}  // namespace fdbench
