#include "sweep/shard.h"

#include <gtest/gtest.h>

#include <set>

#include "core/error.h"
#include "work/tiny_sweep.h"

namespace fdbench {
namespace {

std::vector<WorkUnit> all_units() {
  PreparedSweep sweep = tiny_sweep({tiny_run("full", 4), tiny_run("encoder", 4)});
  sweep.experiment.captions = {"a", "b", "c", "d", "e", "f"};
  return plan_units(sweep, {{"seed", "0"}});
}

TEST(UnitsOfShard, EveryUnitBelongsToOneShard) {
  const std::vector<WorkUnit> units = all_units();
  for (const int count : {1, 2, 3, 20}) {
    std::multiset<std::string> dealt;
    for (int number = 1; number <= count; ++number) {
      for (const WorkUnit& unit : units_of_shard(units, {number, count})) dealt.insert(unit.hash);
    }
    EXPECT_EQ(dealt.size(), units.size());
    for (const WorkUnit& unit : units) EXPECT_EQ(dealt.count(unit.hash), 1u);
  }
}

TEST(UnitsOfShard, TheFirstMeasuresAllTimes) {
  const std::vector<WorkUnit> units = all_units();
  for (int number = 1; number <= 3; ++number) {
    int rounds = 0;
    for (const WorkUnit& unit : units_of_shard(units, {number, 3})) {
      rounds += unit.kind == WorkUnit::Kind::kTiming;
    }
    EXPECT_EQ(rounds, number == 1 ? 2 : 0);
  }
}

TEST(UnitsOfShard, TheOthersShareThePicturesByTheirCost) {
  std::vector<double> costs;
  for (int number = 2; number <= 3; ++number) {
    costs.push_back(0);
    for (const WorkUnit& unit : units_of_shard(all_units(), {number, 3})) costs.back() += unit.cost;
  }
  double largest = 0;
  for (const WorkUnit& unit : all_units()) {
    if (unit.kind == WorkUnit::Kind::kPictures) largest = std::max(largest, unit.cost);
  }
  EXPECT_LE(std::abs(costs[0] - costs[1]), largest);
}

TEST(ParseShard, WantsKOfN) {
  EXPECT_EQ(parse_shard("2/3").number, 2);
  EXPECT_EQ(parse_shard("2/3").count, 3);
  EXPECT_TRUE(parse_shard("1/1").whole());
  for (const char* wrong : {"", "2", "0/3", "4/3", "1/0", "a/3", "1/3x", "1//3", "1/9999999"}) {
    EXPECT_THROW(parse_shard(wrong), Error) << wrong;
  }
}

TEST(ShardPath, NamesThePart) {
  EXPECT_EQ(shard_path("results/ablation.h5", {2, 3}), "results/ablation.shard-2-of-3.h5");
}

}  // namespace
}  // namespace fdbench
