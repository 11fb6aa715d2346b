#include "work/prepared_sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temporary_folder.h"
#include "work/embedded_sweep.h"

namespace fdbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

PreparedSweep prepared(const std::string& runs, const std::string& more = "") {
  const Experiment experiment = embedded_sweep(runs, more);
  return prepare_sweep(experiment, open_models(experiment));
}

TEST(PreparedSweep, PlansEveryRunOnTheModel) {
  const PreparedSweep sweep = prepared(kTwoRuns);
  ASSERT_EQ(sweep.stages.size(), 1U);
  ASSERT_EQ(sweep.runs.size(), 2U);
  EXPECT_THAT(sweep.stages[0].latent_shape, ElementsAre(4, 8, 8));
  EXPECT_TRUE(sweep.stages[0].guided());
  EXPECT_EQ(sweep.num_layers(), static_cast<std::int64_t>(sweep.stages[0].model.layers.size()));
  const PreparedRun &full = sweep.runs[0], &encoder = sweep.runs[1];
  EXPECT_EQ(full.layers_total(), 3 * sweep.num_layers());
  EXPECT_EQ(full.num_layer_runs(), full.layers_total());
  EXPECT_LT(encoder.num_layer_runs(), encoder.layers_total());
  EXPECT_LT(encoder.multiply_adds(), full.multiply_adds());
  EXPECT_FALSE(encoder.adaptive());
  EXPECT_EQ(full.stages[0].timesteps.size(), 3U);
}

TEST(PreparedSweep, WatchesTheLastLayerOfEachBlockOrEveryLayer) {
  const PreparedSweep by_block = prepared(kTwoRuns);
  const PreparedSweep by_layer = prepared(kTwoRuns, "features: {detail: layer}\n");
  EXPECT_EQ(by_block.watched.front().name, "conv_in");
  EXPECT_EQ(by_block.watched.back().name, "conv_out");
  EXPECT_EQ(by_block.watched.size(), block_names(by_block.stages[0].model.layers).size());
  EXPECT_EQ(static_cast<std::int64_t>(by_layer.watched.size()), by_layer.num_layers());
  EXPECT_TRUE(prepared(kTwoRuns, "features: false\n").watched.empty());
}

TEST(PreparedSweep, FaultsHaveTheirPlaceInTheConfig) {
  const auto fault = [](const std::string& runs) { return message_of([&] { prepared(runs); }); };
  EXPECT_THAT(fault("  - {strategy: deepcache, cache_interval: 2, cache_branch: 99}\n"),
              HasSubstr("small.yaml:9:"));
  EXPECT_THAT(fault("  - {strategy: full, sampler: {name: ddim, prediction_type: nothing}}\n"),
              HasSubstr("small.yaml:9:"));
}

/// Two stages of the same layers, as far as names go.
TEST(PreparedSweep, LayersOfSeveralStagesStandBehindEachOther) {
  PreparedSweep sweep = prepared(kTwoRuns);
  const std::int64_t layers = sweep.num_layers();
  EXPECT_EQ(sweep.name_in_stage(0, "conv_in"), "conv_in");
  sweep.stages.push_back(sweep.stages[0]);
  sweep.stages[0].name = "base";
  sweep.stages[1].name = "upscale";
  EXPECT_EQ(sweep.num_layers(), 2 * layers);
  EXPECT_EQ(sweep.first_layer(1), layers);
  EXPECT_EQ(sweep.name_in_stage(1, "conv_in"), "upscale/conv_in");
  EXPECT_EQ(sweep.num_parameters(), 2 * sweep.stages[0].model.num_parameters());
}

}  // namespace
}  // namespace fdbench
