#include "prompts/prompt_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/notes.h"
#include "io/temporary_folder.h"

namespace fdbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

PromptList read(const std::string& text, const std::string& name = "p.json") {
  return prompts_of_text(text, name);
}

std::string fault(const std::string& text, const std::string& name = "p.json") {
  return message_of([&] { read(text, name); });
}

TEST(PromptFile, LinesAreOnePromptEach) {
  EXPECT_THAT(read("a\nb c \n\n \n", "p.txt").captions, ElementsAre("a", "b c "));
  EXPECT_THAT(read("[red, blue] car\n{x|y}\n\"quoted\"\n", "p.txt").captions,
              ElementsAre("[red, blue] car", "{x|y}", "\"quoted\""));
  EXPECT_THAT(fault("a\n\nb\n", "p.txt"), StartsWith("p.txt:2: a blank line between prompts"));
  EXPECT_THAT(fault("a\n  \t\nb\n", "p.txt"), StartsWith("p.txt:2: a blank line"));
  EXPECT_THAT(fault("\na\n", "p.txt"), StartsWith("p.txt:1: a blank line"));
  EXPECT_EQ(fault("\n \n", "p.txt"), "p.txt: holds no prompt");
}

TEST(PromptFile, JsonIsAListOrHoldsOne) {
  EXPECT_THAT(read(R"(["a", {"caption": "b"}, {"text": "c"}, {"Prompt": "d"}, ""])").captions,
              ElementsAre("a", "b", "c", "d", ""));
  EXPECT_THAT(read(R"({"prompts": ["a", "b"], "about": "x"})").captions, ElementsAre("a", "b"));
  EXPECT_THAT(read(R"(["a"])", "p.txt").captions, ElementsAre("a")) << "the content decides";
  const PromptList scenes = read(R"(["a", {"caption": "b", "scene": {"x": 1}}])");
  EXPECT_TRUE(scenes.scenes[0].is_null());
  EXPECT_EQ(scenes.scenes[1]["x"], 1);
  EXPECT_THAT(read(R"(["a"])").scenes, IsEmpty());
}

TEST(PromptFile, FileNamesGoWithTheirPrompts) {
  const PromptList list = read(R"({"b.png": "x", "a.png": {"caption": "y"}})");
  EXPECT_THAT(list.captions, ElementsAre("x", "y"));
  EXPECT_THAT(list.file_names, ElementsAre("b.png", "a.png"));
  EXPECT_THAT(read(R"([{"file_name": "1.png", "text": "x"}])").file_names, ElementsAre("1.png"));
  EXPECT_THAT(fault(R"([{"file_name": "1.png", "text": "x"}, "y"])"),
              HasSubstr("1 of 2 prompts have a file_name, prompt 2 has none"));
  EXPECT_THAT(fault(R"({"a.png": "x", "a.png": "y"})"), HasSubstr("'a.png' is given twice"));
}

TEST(PromptFile, CocosAnnotationsAreTakenInOrder) {
  std::string note;
  const NoteSink before = set_note_sink([&](Urgency, const std::string& line) { note = line; });
  const PromptList list = read(
      R"({"images": [{"id": 2, "file_name": "two.jpg"}, {"id": 1, "file_name": "one.jpg"}],
          "annotations": [{"image_id": 1, "caption": "a"}, {"image_id": 2, "caption": "b"},
                          {"image_id": 1, "caption": "c"}]})");
  set_note_sink(before);
  EXPECT_THAT(list.captions, ElementsAre("a", "b", "c"));
  EXPECT_THAT(list.file_names, ElementsAre("one.jpg", "two.jpg", "one.jpg"));
  EXPECT_THAT(note, HasSubstr("COCO: 3 captions of 2 pictures"));
  EXPECT_THAT(read(R"({"images": [{"id": 1}], "annotations": [{"image_id": 1, "caption": "a"}]})")
                  .file_names,
              IsEmpty());
  EXPECT_THAT(fault(R"({"annotations": [{"bbox": []}]})"), HasSubstr("captions_*.json"));
}

TEST(PromptFile, JsonLinesAreOneEach) {
  const std::string lines =
      "{\"text\": \"a\", \"file_name\": \"0.png\"}\n"
      "{\"text\": \"b\", \"file_name\": \"1.png\", \"score\": NaN}\n\n";
  for (const char* name : {"p.jsonl", "p.json", "p.txt", "p"}) {
    EXPECT_THAT(read(lines, name).captions, ElementsAre("a", "b")) << name;
    EXPECT_THAT(read(lines, name).file_names, ElementsAre("0.png", "1.png")) << name;
  }
  EXPECT_THAT(read("\"a\"\n\"\"\n", "p.jsonl").captions, ElementsAre("a", ""));
  EXPECT_THAT(read("{\"text\": \"a\"}", "p.jsonl").captions, ElementsAre("a"));
  EXPECT_THAT(fault("{\"text\": \"a\"}\n\n{\"text\": \"b\"}", "p.jsonl"), StartsWith("p.jsonl:2:"));
  EXPECT_THAT(fault("{\"text\": \"a\"}\n{\"x\": \"b\"}", "p.jsonl"),
              StartsWith("p.jsonl:2: this line is neither a text nor an object"));
  EXPECT_THAT(fault("{\"text\": \"a\"}\n{oops\n", "p.jsonl"),
              testing::AllOf(StartsWith("p.jsonl:2:2: is not JSON"), Not(HasSubstr("p.jsonl:1"))));
}

TEST(PromptFile, TablesHaveAColumnOfPrompts) {
  const std::string parti = "Prompt\tCategory\nthe \"word\"\tx\n\"A\" b\ty\n\"c\td\"\tz\n\n";
  EXPECT_THAT(read(parti, "p.tsv").captions, ElementsAre("the \"word\"", "\"A\" b", "c\td"));
  EXPECT_THAT(read(parti, "p.txt").captions.size(), 3u) << "tabs and a header tell a table";
  const std::string csv = "file_name,caption\r\n0.png,\"a, b\"\r\n1.png,\"say \"\"x\"\"\ny\"\r\n";
  const TemporaryFolder folder;
  const PromptList list = prompts_of_file(folder.write("p.csv", csv));
  EXPECT_THAT(list.captions, ElementsAre("a, b", "say \"x\"\ny"));
  EXPECT_THAT(list.file_names, ElementsAre("0.png", "1.png"));
  EXPECT_THAT(read("prompt\na\nb\n", "p.csv").captions, ElementsAre("a", "b"));
  EXPECT_THAT(read("id;text\n1;a, b\n", "p.csv").captions, ElementsAre("a, b"));
  EXPECT_THAT(fault("a cat\na dog\n", "p.csv"), HasSubstr("p.csv:1: has no column named prompt"));
  EXPECT_THAT(fault("prompt,x\na,1\nb,c,2\n", "p.csv"), StartsWith("p.csv:3: has 3 cells"));
  EXPECT_THAT(fault("prompt,x\na,1\n,2\nb,3\n", "p.csv"), StartsWith("p.csv:3: has no prompt"));
  EXPECT_THAT(fault("prompt,text\na,b\n", "p.csv"), HasSubstr("2 columns of prompts"));
  EXPECT_THAT(fault("prompt\n\"a\nb\n", "p.csv"), StartsWith("p.csv:2: a cell in quotes"));
  EXPECT_THAT(read("a, text, of tags\nb\n", "p.txt").captions.size(), 2u) << "no table";
}

TEST(PromptFile, OneRuleForPromptsOfWhiteSpace) {
  EXPECT_THAT(fault(R"(["a", "  "])"), HasSubstr("prompt 2 holds nothing but white space"));
  EXPECT_THAT(fault("{\"a.png\": \"\\u3000\"}"), HasSubstr("nothing but white space"));
  EXPECT_THAT(fault("\"a\"\n\" \"\n", "p.jsonl"), StartsWith("p.jsonl:2: this line holds nothing"));
  EXPECT_THAT(fault(R"(["a\u0000b"])"), HasSubstr("holds a NUL"));
}

TEST(PromptFile, SaysWhatItMayHold) {
  for (const char* text : {"{\"a\": 1}", "3", "[1]", "[{\"x\": \"y\"}]", "[[\"a\"]]", "{}"}) {
    EXPECT_THAT(fault(text), HasSubstr("a prompt file holds one prompt a line; or in JSON"))
        << text;
  }
  EXPECT_THAT(fault(R"([{"caption": "a", "text": "b"}])"), HasSubstr("both 'caption' and 'text'"));
  EXPECT_EQ(fault("[]"), "p.json: holds no prompt");
  EXPECT_THAT(fault("[\"a\""), HasSubstr("is not JSON"));
  EXPECT_THAT(fault(std::string(300, '[') + std::string(300, ']')), HasSubstr("too deeply"));
}

}  // namespace
}  // namespace fdbench
