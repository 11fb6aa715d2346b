#include "judging/judged_records.h"

#include <gtest/gtest.h>

#include <cmath>

#include "results/unit_arrays.h"

namespace fdbench {
namespace {

Arrays objects(const std::vector<double>& right) {
  const at::Tensor shares = at::tensor(right, at::kDouble);
  return {{judged_arrays::kObjects, shares}, {judged_arrays::kWhole, shares.eq(1).to(at::kDouble)}};
}

TEST(JudgedRuns, AreMeansOverAllChunksWithAnIntervalOfTheDifference) {
  JudgedRuns judged({}, 2, {});
  judged.add(0, objects({1, 1, 0.5}));
  judged.add(1, objects({1, 0.5, 0}));
  judged.add(0, objects({1}));
  judged.add(1, objects({0.5}));
  RunRecord baseline, method;
  judged.summarise(baseline, 0, 0);
  judged.summarise(method, 1, 0);
  EXPECT_DOUBLE_EQ(baseline.objects_right, 3.5 / 4);
  EXPECT_DOUBLE_EQ(baseline.pictures_right, 0.75);
  EXPECT_TRUE(std::isnan(baseline.objects_right_change)) << "compared with itself";
  EXPECT_DOUBLE_EQ(method.objects_right, 0.5);
  EXPECT_DOUBLE_EQ(method.pictures_right, 0.25);
  EXPECT_DOUBLE_EQ(method.objects_right_change, -0.375);
  EXPECT_LE(method.objects_right_change_low, -0.375);
  EXPECT_GE(method.objects_right_change_high, -0.375);
  EXPECT_LE(method.objects_right_change_high, 0) << "no picture became better";
}

TEST(JudgedRuns, DifferencesAreOfTheSamePictures) {
  JudgedRuns judged({}, 2, {});
  judged.add(0, objects({0, 1, 0, 1, 0, 1}));
  judged.add(1, objects({0.5, 1, 0.5, 1, 0.5, 1}));
  RunRecord method;
  judged.summarise(method, 1, 0);
  EXPECT_GT(method.objects_right_change_low, 0) << "every picture is as good or better";
}

TEST(JudgedRuns, WhatNobodyLookedAtIsNotMeasured) {
  JudgedRuns judged({}, 1, {});
  judged.add(0, {});
  RunRecord record;
  judged.summarise(record, 0, -1);
  for (const double score : {record.fid, record.clip_score, record.objects_right, record.ftc}) {
    EXPECT_TRUE(std::isnan(score));
  }
  EXPECT_TRUE(judged.warnings().empty());
}

}  // namespace
}  // namespace fdbench
