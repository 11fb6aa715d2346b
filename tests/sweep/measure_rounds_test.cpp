#include "sweep/measure_rounds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "io/temporary_folder.h"
#include "results/unit_arrays.h"
#include "work/tiny_sweep.h"

namespace fdbench {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A sweep of two runs whose rounds take what the test says.
class MeasureRounds : public testing::Test {
 protected:
  PreparedSweep sweep(int rounds, int fewest, double until) {
    PreparedSweep made = tiny_sweep({tiny_run("full", 4), tiny_run("encoder", 4)});
    made.experiment.timing.rounds = rounds;
    made.experiment.timing.fewest_rounds = fewest;
    made.experiment.timing.until = until;
    units_ = plan_units(made, settings_);
    std::erase_if(units_, [](const WorkUnit& unit) { return unit.round < 0; });
    rounds_.clear();
    for (const WorkUnit& unit : units_) rounds_.push_back(&unit);
    return made;
  }

  /// Round n takes full_s_[n] for the plain run and 1 for the other.
  RoundSource source(std::vector<std::string> command = {}) {
    return {.here =
                [this](const WorkUnit& unit) {
                  measured_.push_back(unit.round);
                  Arrays arrays = {{timing_arrays::kProcess, at::full({1}, 1, at::kLong)}};
                  const double full_s = full_s_[static_cast<std::size_t>(unit.round)];
                  for (const char* name : timing_arrays::kSeconds) {
                    arrays[name] = at::tensor({full_s, 1.0}, at::kDouble);
                  }
                  return arrays;
                },
            .make_room = [this] { ++num_made_room_; },
            .command = std::move(command)};
  }

  std::size_t measure(const PreparedSweep& made, const RoundSource& from) {
    return measure_rounds(made, rounds_, *folder_, from, [](double, const std::string&) {});
  }

  const Settings settings_ = {{"seed", "0"}};
  const TemporaryFolder place_;
  std::optional<UnitFolder> folder_{std::in_place, place_.path() / "a.h5", settings_, false};
  std::vector<WorkUnit> units_;
  std::vector<const WorkUnit*> rounds_;
  std::vector<double> full_s_ = {2, 2, 2, 2, 2, 2};
  std::vector<int> measured_;
  int num_made_room_ = 0;
};

TEST_F(MeasureRounds, AllOfThemWhereNothingElseIsSaid) {
  EXPECT_EQ(measure(sweep(3, 0, 0), source()), 3u);
  EXPECT_THAT(measured_, ElementsAre(0, 1, 2));
}

TEST_F(MeasureRounds, CompleteOnesAreNotMeasuredAgain) {
  const PreparedSweep made = sweep(3, 0, 0);
  write_unit(folder_->file(*rounds_[1]), source().here(*rounds_[1]));
  measured_.clear();
  EXPECT_EQ(measure(made, source()), 3u);
  EXPECT_THAT(measured_, ElementsAre(0, 2));
}

TEST_F(MeasureRounds, EndWhenIntervalsAreNarrow) {
  EXPECT_EQ(measure(sweep(6, 3, 0.01), source()), 3u);
  EXPECT_THAT(measured_, ElementsAre(0, 1, 2));
  folder_.emplace(place_.path() / "b.h5", settings_, false);
  full_s_ = {1, 2, 3, 1, 2, 3};
  EXPECT_EQ(measure(sweep(5, 3, 0.01), source()), 5u) << "never narrow enough";
}

// Rounds of an earlier start count, so that a sweep ends where an undisturbed one does.
TEST_F(MeasureRounds, GoOnWhereAnUndisturbedSweepEnds) {
  const PreparedSweep made = sweep(6, 3, 0.01);
  for (int round = 0; round < 4; ++round) {
    write_unit(folder_->file(*rounds_[round]), source().here(*rounds_[round]));
  }
  measured_.clear();
  EXPECT_EQ(measure(made, source()), 3u);
  EXPECT_THAT(measured_, IsEmpty());
}

TEST_F(MeasureRounds, AProcessThatLeavesNoneIsAFault) {
  PreparedSweep made = sweep(2, 0, 0);
  made.experiment.timing.rounds_per_process = 2;
  EXPECT_THAT(message_of([&] { measure(made, source({"/bin/true"})); }),
              testing::HasSubstr("left another sweep's here"));
  EXPECT_EQ(num_made_room_, 1);
  EXPECT_THAT(measured_, IsEmpty());
}

}  // namespace
}  // namespace fdbench
