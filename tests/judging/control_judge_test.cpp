#include "judging/control_judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "io/temporary_folder.h"
#include "pictures/png.h"
#include "results/unit_arrays.h"

namespace fdbench {
namespace {

using testing::HasSubstr;

constexpr PixelSize kSize{16, 16};

/// A white square on black, moved to the right.
at::Tensor square(std::int64_t left) {
  at::Tensor picture = at::zeros({16, 16, 3}, at::kByte);
  picture.narrow(0, 4, 8).narrow(1, left, 6).fill_(255);
  return picture;
}

/// A sweep of two pictures with the control pictures "0.png" and "1.png".
Experiment experiment(const TemporaryFolder& folder) {
  Experiment made;
  made.captions = {"a", "b"};
  made.judges.control_f1.emplace();
  for (int i = 0; i < 2; ++i) {
    const std::filesystem::path path = folder / (std::to_string(i) + ".png");
    const at::Tensor edges = canny(square(3 + 3 * i), {});
    save_png(path, edges.unsqueeze(2).expand({-1, -1, 3}));
    made.control_pictures.push_back({path});
  }
  return made;
}

TEST(ControlJudge, ComparesEachPictureWithItsOwnControl) {
  const TemporaryFolder folder;
  const Experiment sweep = experiment(folder);
  const ControlJudge judge(sweep, kSize);
  const at::Tensor images = at::stack({square(3), square(6)});
  Arrays both = {{picture_arrays::kImages, images}};
  judge.judge(both, 0);
  for (const char* name : {judged_arrays::kControlF1, judged_arrays::kControlPrecision,
                           judged_arrays::kControlRecall}) {
    EXPECT_EQ(both.at(name).scalar_type(), at::kDouble);
    EXPECT_TRUE(at::equal(both.at(name), at::ones({2}, at::kDouble))) << name;
  }
  // The second chunk of a sweep begins at picture 1.
  Arrays second = {{picture_arrays::kImages, images.narrow(0, 0, 1)}};
  judge.judge(second, 1);
  EXPECT_LT(second.at(judged_arrays::kControlF1).item<double>(), 0.7);
}

TEST(ControlJudge, RefusesPromptsWithoutThatPicture) {
  const TemporaryFolder folder;
  Experiment sweep = experiment(folder);
  sweep.judges.control_f1->control = 1;
  EXPECT_THAT(message_of([&] { ControlJudge(sweep, kSize); }),
              HasSubstr("prompt 1 has 1, none of number 1"));
  sweep.control_pictures = {};
  EXPECT_THAT(message_of([&] { ControlJudge(sweep, kSize); }), HasSubstr("prompt 1 has none"));
}

TEST(ControlJudgeSetting, TellsThresholdsToTheLastDigit) {
  Experiment sweep;
  EXPECT_FALSE(control_judge_setting(sweep).has_value());
  sweep.judges.control_f1.emplace();
  const std::string usual = setting_text(control_judge_setting(sweep).value());
  EXPECT_THAT(usual, HasSubstr("low 100 high 200 tolerance 1 of "));
  sweep.judges.control_f1->edges.canny.low = 100.00000001;
  EXPECT_NE(setting_text(control_judge_setting(sweep).value()), usual);
}

}  // namespace
}  // namespace fdbench
