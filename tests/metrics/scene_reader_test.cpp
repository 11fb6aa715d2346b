#include "metrics/scene_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "io/npz.h"

namespace fdbench {
namespace {

using testing::HasSubstr;

std::filesystem::path model_folder(const std::string& name) {
  return std::filesystem::path(FDBENCH_SOURCE_DIR) / "models" / name;
}

std::filesystem::path judge_folder() { return model_folder("mini-judge"); }

/// Two objects of the first template, a small circle: red at the left, blue at the right.
ExpectedScene two_circles() {
  return {"grey", {{"small", "red", "circle", 17, 32, 7}, {"small", "blue", "circle", 47, 32, 7}}};
}

at::Tensor colour(int r, int g, int b) { return at::tensor({r, g, b}, at::kByte); }

/// The template's mask, whose middle is (32, 32), moved by (dx, dy) and painted.
void paint(at::Tensor& picture, int dx, int dy, const at::Tensor& rgb) {
  const at::Tensor masks = load_npz(judge_folder() / "scene_reader.npz").at("templates");
  const at::Tensor mask = masks[4].roll({dy, dx}, {0, 1}).to(at::kBool);  // of the nominal size
  picture.index_put_({mask}, rgb);
}

at::Tensor drawn(const at::Tensor& left, const at::Tensor& right, int down = 0) {
  at::Tensor picture = colour(150, 150, 154).expand({64, 64, 3}).contiguous();
  if (left.defined()) paint(picture, -15, down, left);
  if (right.defined()) paint(picture, 15, 0, right);
  return picture;
}

TEST(SceneReader, FindsWhatIsThere) {
  const SceneReader reader(judge_folder());
  const SceneVerdict verdict =
      reader.judge(drawn(colour(215, 30, 35), colour(30, 60, 205)), two_circles());
  EXPECT_EQ(verdict.objects, 2);
  EXPECT_EQ(verdict.right, 2);
  EXPECT_TRUE(verdict.whole());
}

TEST(SceneReader, TellsWhatIsWrong) {
  const SceneReader reader(judge_folder());
  const at::Tensor red = colour(215, 30, 35), blue = colour(30, 60, 205);
  const SceneVerdict swapped = reader.judge(drawn(blue, red), two_circles());
  EXPECT_EQ(swapped.colour, 0);
  EXPECT_EQ(swapped.shape, 2);
  EXPECT_EQ(swapped.right, 0);
  const SceneVerdict missing = reader.judge(drawn(red, {}), two_circles());
  EXPECT_EQ(missing.found, 1);
  EXPECT_EQ(missing.right, 1);
  EXPECT_FALSE(missing.whole());
  const SceneVerdict moved = reader.judge(drawn(red, blue, 12), two_circles());
  EXPECT_EQ(moved.place, 1);
  EXPECT_EQ(moved.found, 2);
  ExpectedScene other = two_circles();
  other.background = "mint";
  EXPECT_FALSE(reader.judge(drawn(red, blue), other).background);
  other = two_circles();
  other.objects[0].shape = "star";
  other.objects[1].size = "large";
  const SceneVerdict named = reader.judge(drawn(red, blue), other);
  EXPECT_EQ(named.shape, 1);
  EXPECT_EQ(named.size, 1);
}

TEST(SceneReader, OfThePersonalModelsKnowsTheNewShape) {
  const SceneReader reader(model_folder("mini-personal")), without(judge_folder());
  const at::Tensor masks =
      load_npz(model_folder("mini-personal") / "scene_reader.npz").at("templates");
  // 18 templates a shape, the new one last: small, then large, of the nominal size in the middle.
  for (const auto& [size, index] : {std::pair{"small", 94}, std::pair{"large", 103}}) {
    at::Tensor picture = colour(246, 246, 246).expand({64, 64, 3}).contiguous();
    picture.index_put_({masks[index].to(at::kBool)}, colour(30, 145, 50));
    const double radius = std::string(size) == "small" ? 7 : 13;
    const ExpectedScene cross{"white", {{size, "green", "<new1>", 32, 32, radius}}};
    EXPECT_TRUE(reader.judge(picture, cross).whole()) << size;
    EXPECT_EQ(without.judge(picture, cross).shape, 0) << size;
    const ExpectedScene star{"white", {{size, "green", "star", 32, 32, radius}}};
    EXPECT_EQ(reader.judge(picture, star).shape, 0) << size;
  }
}

TEST(SceneReader, RefusesOtherPicturesAndScenes) {
  const SceneReader reader(judge_folder());
  try {
    reader.judge(at::zeros({32, 64, 3}, at::kByte), two_circles());
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("64x64"));
  }
  EXPECT_THROW(expected_scene({{"background", "grey"}}), Error);
  EXPECT_THROW(expected_scene({{"background", "grey"}, {"objects", nlohmann::json::array()}}),
               Error);
  EXPECT_THROW(SceneReader("/nowhere"), Error);
}

}  // namespace
}  // namespace fdbench
