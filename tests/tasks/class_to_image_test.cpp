#include "tasks/class_to_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "core/error.h"
#include "tasks/embedded_model.h"

namespace fdbench {
namespace {

using testing::HasSubstr;

constexpr const char* kConfig =
    R"({"_class_name": "DiTTransformer2DModel", "num_embeds_ada_norm": 40})";

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

class ClassLabelsTest : public testing::Test {
 protected:
  ClassLabels labels(const std::string& id2label) {
    folder_.write("transformer/config.json", kConfig);
    folder_.write("model_index.json",
                  R"({"_class_name": "DiTPipeline", "id2label": )" + id2label + "}");
    return ClassLabels(ModelFolder(folder_.path()));
  }

  TemporaryFolder folder_;
};

TEST_F(ClassLabelsTest, AreNumbersOrAnyOfTheirNames) {
  const ClassLabels made = labels(R"({"0": "tench, Tinca tinca", "7": "cock"})");
  EXPECT_EQ(made.count(), 40);
  EXPECT_EQ(made.label_of("tench"), 0);
  EXPECT_EQ(made.label_of("Tinca tinca"), 0);
  EXPECT_EQ(made.label_of("cock"), 7);
  EXPECT_EQ(made.label_of("39"), 39);
}

TEST_F(ClassLabelsTest, NameWhatIsNotThere) {
  const ClassLabels made = labels(R"({"0": "tench", "7": "cock"})");
  for (const char* wrong : {"40", "-1"}) {
    EXPECT_THAT(message_of([&] { made.label_of(wrong); }), HasSubstr("from 0 to 39")) << wrong;
  }
  EXPECT_THAT(message_of([&] { made.label_of("tensh"); }), HasSubstr("did you mean 'tench'?"));
  EXPECT_THAT(message_of([&] { made.label_of("7.0"); }), HasSubstr("'7.0' is not known"));
  EXPECT_THAT(message_of([&] { made.label_of(""); }), HasSubstr("'' is not known"));
  const ClassLabels nameless = labels("{}");
  EXPECT_THAT(message_of([&] { nameless.label_of("cock"); }), HasSubstr("names no classes"));
  EXPECT_EQ(nameless.label_of("3"), 3);
}

TEST_F(ClassLabelsTest, RefuseATableThatIsNone) {
  EXPECT_THAT(message_of([&] { labels("[1]"); }), HasSubstr("must map numbers to names"));
  EXPECT_THAT(message_of([&] { labels(R"({"40": "x"})"); }), HasSubstr("from 0 to 39"));
  EXPECT_THAT(message_of([&] { labels(R"({"one": "x"})"); }), HasSubstr("'one' must be a number"));
  EXPECT_THAT(message_of([&] { labels(R"({"1": 2})"); }), HasSubstr("with names as a text"));
}

}  // namespace
}  // namespace fdbench
