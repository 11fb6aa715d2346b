#include "config/strategy_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fdbench {
namespace {

using testing::HasSubstr;

struct Read {
  StrategyOptions strategy;
  std::string label;
};

Read read(const std::string& name, const std::string& keys) {
  const ConfigTree tree = parse_config("{" + keys + "}", "c.yaml");
  ConfigMap map(ConfigValue(tree, "runs.0"));
  Read result;
  result.strategy.name = name;
  result.label = read_strategy(map, result.strategy, 12, Variant::kPaper);
  map.finish();
  return result;
}

std::string fault(const std::string& name, const std::string& keys) {
  try {
    read(name, keys);
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), 2);
    return error.what();
  }
  return "";
}

TEST(StrategyConfig, ReadsOptionsByTheirTypes) {
  const Read cache = read("first_block_cache", "threshold: 0.2, warmup: 3");
  EXPECT_EQ(cache.strategy.options, (OptionSet{{"threshold", 0.2}, {"warmup", 3}}));
  EXPECT_EQ(cache.label, "threshold_0.2/warmup_3");
  const Read grid = read("custom", "grid: {encoder: '#..#..#..#..'}");
  EXPECT_EQ(grid.strategy.options.get<GridLines>("grid").at("encoder"), "#..#..#..#..");
}

TEST(StrategyConfig, OptionsMayStandUnderTheStrategysName) {
  EXPECT_EQ(read("custom", "custom: {blocks: {encoder: all}}").strategy.options,
            read("custom", "blocks: {encoder: all}").strategy.options);
  EXPECT_EQ(read("deepcache", "deepcache: {cache_interval: 4}").label, "interval_4");
  EXPECT_THAT(fault("custom", "grid: {encoder: all}, custom: {grid: {encoder: all}}"),
              HasSubstr("'runs.0.custom.grid' and 'grid' are the same: give one"));
  EXPECT_THAT(fault("custom", "custom: {gird: {encoder: all}}"), HasSubstr("did you mean 'grid'?"));
}

TEST(StrategyConfig, SaysWhoseAKeyIs) {
  EXPECT_EQ(fault("encoder", "key_steps: all, cache_branch: 1"),
            "c.yaml:1:32: 'cache_branch' belongs to the strategy deepcache or first_block_cache");
  EXPECT_THAT(fault("first_block_cache", "cache_interval: 2"),
              HasSubstr("'cache_interval' belongs to the strategy deepcache"));
  EXPECT_THAT(fault("full", "custom: {grid: x}"), HasSubstr("belongs to the strategy custom"));
}

TEST(StrategyConfig, SaysWhatIsMissingOrTooMuch) {
  EXPECT_THAT(fault("deepcache", "cache_branch: 1"),
              HasSubstr("the strategy deepcache needs cache_interval or key_steps"));
  EXPECT_THAT(fault("custom", ""), HasSubstr("needs 'blocks' (key steps) or 'grid' (the cells)"));
  EXPECT_THAT(fault("full", "key_steps: all"),
              HasSubstr("the strategy full takes no key_steps: it computes everything"));
  EXPECT_EQ(fault("deepcache", "cache_interval: 2, skip_mode: non_uniform, center: 12, pow: 2"),
            "c.yaml:1:53: center 12 is outside 0..11, the steps in sampling order");
  EXPECT_THAT(fault("custom", "blocks: {encoder: all}, grid: {encoder: all}"),
              HasSubstr("'grid' does not go with 'blocks'"));
  EXPECT_THAT(fault("deepcache", "cache_interval: 2, skip_mode: non_uniform, center: 2, pow: 11"),
              HasSubstr("'runs.0.pow' is 11; it must be at most 10"));
}

}  // namespace
}  // namespace fdbench
