#include "results/reading_notes.h"

#include <gmock/gmock.h>

#include <limits>

namespace fdbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

RunRecord timed(const std::string& name, double speedup, double low, double high) {
  RunRecord record;
  record.name = name;
  record.compared_with = "full";
  record.num_rounds = 8;
  record.unet_s = record.total_s = record.total_speedup = 1;
  record.unet_speedup = speedup;
  record.unet_speedup_low = low;
  record.unet_speedup_high = high;
  return record;
}

TEST(LineOfUncertain, NamesIntervalsWiderThanATenth) {
  const std::vector<RunRecord> records = {timed("wild", 5.41, 5.3, 22.42),
                                          timed("good", 2, 1.95, 2.1)};
  const std::string line = line_of_uncertain(records);
  EXPECT_THAT(line, HasSubstr("wild 5.41 [5.30, 22.42]"));
  EXPECT_THAT(line, HasSubstr("cpus:"));
  EXPECT_EQ(line.find("good"), std::string::npos);
  EXPECT_EQ(line_of_uncertain(std::span(records).subspan(1)), "");
}

TEST(IsUncertain, AlsoWithoutAnInterval) {
  EXPECT_TRUE(is_uncertain(timed("a", 2, kNotMeasured, kNotMeasured)));
}

TEST(LinesOfNoNumbers, AreOfFiguresThatTheRunMustHave) {
  RunRecord full = timed("full", 1, 1, 1), run = timed("e", 2, 2, 2);
  full.baseline = true;
  full.psnr_to_full = kInfinity;
  full.latent_mse_to_full = 0;
  run.psnr_to_full = 30;
  EXPECT_THAT(lines_of_no_numbers(std::vector{full, run}),
              ElementsAre(HasSubstr("e: latent_mse_to_full is not a number")));
  run.latent_mse_to_full = 0.1;
  EXPECT_THAT(lines_of_no_numbers(std::vector{full, run}), ElementsAre())
      << "nobody judged, so no score is missing";
  full.fid = 3;
  run.unet_s = kInfinity;
  EXPECT_THAT(lines_of_no_numbers(std::vector{full, run}),
              ElementsAre(HasSubstr("e: unet_s, fid are not a number")));
  run.fid = 3;
  run.num_rounds = 0;
  EXPECT_THAT(lines_of_no_numbers(std::vector{full, run}), ElementsAre());
}

}  // namespace
}  // namespace fdbench
