#include "config/task_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace fdbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kConfig =
    "name: table\nsteps: 50\ntasks:\n  edges: {steps: 20, seed: 3}\n  plain: {}\n";

std::string message_of(const std::string& config, const std::string& task) {
  try {
    tree_of_task(parse_config(config, "c.yaml"), task);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(TaskConfig, NamesStandInTheOrderOfTheFile) {
  EXPECT_THAT(task_names(parse_config(kConfig, "c.yaml")), ElementsAre("edges", "plain"));
  EXPECT_TRUE(task_names(parse_config("name: x\n", "c.yaml")).empty());
}

TEST(TaskConfig, KeysOfATaskReplaceThoseOfTheFile) {
  const ConfigTree edges = tree_of_task(parse_config(kConfig, "c.yaml"), "edges");
  EXPECT_EQ(edges.find("name")->scalar, "table_edges");
  EXPECT_EQ(edges.find("steps")->scalar, "20");
  EXPECT_EQ(edges.find("seed")->scalar, "3");
  EXPECT_EQ(edges.find("tasks"), nullptr);
  const ConfigTree plain = tree_of_task(parse_config(kConfig, "c.yaml"), "plain");
  EXPECT_EQ(plain.find("steps")->scalar, "50");
  EXPECT_EQ(plain.find("seed"), nullptr);
}

TEST(TaskConfig, FaultsNameTheirPlace) {
  EXPECT_THAT(message_of(kConfig, "edge"), HasSubstr("has no task 'edge', did you mean 'edges'"));
  EXPECT_THAT(message_of(kConfig, ""), HasSubstr("has tasks: name one, edges or plain"));
  EXPECT_THAT(message_of("name: x\n", "edges"), HasSubstr("has no tasks"));
  EXPECT_THAT(message_of("name: x\ntasks: [a]\n", "a"), HasSubstr("must be a map of names"));
  EXPECT_THAT(message_of("name: x\ntasks: {a: 1}\n", "a"), HasSubstr("'a' must be a map"));
  EXPECT_THAT(message_of("name: x\ntasks: {a/b: {}}\n", "a/b"), HasSubstr("no '/'"));
  EXPECT_THAT(message_of("name: x\ntasks: {a: {name: b}}\n", "a"), HasSubstr("behind it"));
}

}  // namespace
}  // namespace fdbench
