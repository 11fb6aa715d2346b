#include "config/class_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/experiment.h"
#include "io/temporary_folder.h"

namespace fdbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ClassConfigTest : public testing::Test {
 protected:
  Experiment load(const std::string& lines) {
    return load_experiment(
        folder_.write("c.yaml", "name: x\nmodel: m\n" + lines + "\nruns: [{strategy: full}]\n"),
        {});
  }
  std::vector<std::string> classes(const std::string& value) {
    return load("classes: " + value).captions;
  }
  std::string fault(const std::string& lines) {
    return message_of([&] { load(lines); });
  }

  TemporaryFolder folder_;
};

TEST_F(ClassConfigTest, IsReadInAllForms) {
  EXPECT_THAT(classes("[207, golden retriever]"), ElementsAre("207", "golden retriever"));
  EXPECT_THAT(classes("{count: 3, per_class: 2}"), ElementsAre("0", "1", "2", "0", "1", "2"));
  EXPECT_THAT(classes("{list: [5], per_class: 3}"), ElementsAre("5", "5", "5"));
  folder_.write(
      "p.json",
      R"([{"caption": "red circle", "scene": {"background": "grey"}}, {"caption": "b"}])");
  const Experiment experiment = load("classes: {file: p.json, per_class: 2}");
  EXPECT_THAT(experiment.captions, ElementsAre("red circle", "b", "red circle", "b"));
  ASSERT_EQ(experiment.scenes.size(), 4U);
  EXPECT_EQ(experiment.scenes[2]["background"], "grey");
  EXPECT_EQ(experiment.drawn_from, "classes");
  EXPECT_EQ(load("prompts: [a]").drawn_from, "prompts");
}

TEST_F(ClassConfigTest, FaultsAreNamed) {
  EXPECT_THAT(fault("classes: 207"), HasSubstr("write classes: [207]"));
  EXPECT_THAT(fault("classes: {per_class: 2}"), HasSubstr("wants one of 'list', 'file' and 'coun"));
  EXPECT_THAT(fault("classes: {count: 2, list: [1]}"), HasSubstr("wants one of"));
  EXPECT_THAT(fault("classes: {count: 0}"), HasSubstr("at least 1"));
  EXPECT_THAT(fault("classes: {count: 2, each: 3}"), HasSubstr("'classes.each'"));
  EXPECT_THAT(fault("classes: [1]\nprompts: [a]"), HasSubstr("are both given"));
  EXPECT_THAT(fault("steps: 3"), HasSubstr("'prompts' is missing"));
  EXPECT_THAT(fault("classes: [1]\nguidance_channels: 0"), HasSubstr("at least 1"));
}

}  // namespace
}  // namespace fdbench
