#include "text/clip_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temporary_folder.h"

namespace fdbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Ids:                         0    1    2        3        4         5          6 7
constexpr const char* kVocab =
    R"({"a":0,"b":1,"a</w>":2,"b</w>":3,"ab</w>":4,"!</w>":5,"<|startoftext|>":6,"<|endoftext|>":7})";
constexpr const char* kMerges = "#version: 0.2\na b</w>\n";

class CLIPTokenizerTest : public testing::Test {
 protected:
  CLIPTokenizerTest() {
    folder.write("vocab.json", kVocab);
    folder.write("merges.txt", kMerges);
  }
  std::vector<std::int64_t> encode(const std::string& text, std::int64_t length = 8) const {
    return CLIPTokenizer(folder.path()).encode(text, length);
  }
  std::string fault() const {
    return message_of([&] { const CLIPTokenizer tokenizer(folder.path()); });
  }
  TemporaryFolder folder;
};

TEST_F(CLIPTokenizerTest, JoinsPairsAndFillsUp) {
  EXPECT_THAT(encode("AB  a\n!"), ElementsAre(6, 4, 2, 5, 7, 7, 7, 7));
  EXPECT_THAT(encode(""), ElementsAre(6, 7, 7, 7, 7, 7, 7, 7));
}

TEST_F(CLIPTokenizerTest, KeepsTheEndTokenWhenItCuts) {
  EXPECT_THAT(encode("a b a b a b a b a b"), ElementsAre(6, 2, 3, 2, 3, 2, 3, 7));
  EXPECT_THAT(encode("a", 2), ElementsAre(6, 7));
  EXPECT_THAT(message_of([&] { encode("a", 1); }), HasSubstr("at least 2 tokens"));
}

TEST_F(CLIPTokenizerTest, PadsWithTheTokenOfTheConfiguration) {
  folder.write("tokenizer_config.json", R"({"pad_token": "a", "model_max_length": 4})");
  const CLIPTokenizer tokenizer(folder.path());
  EXPECT_EQ(tokenizer.model_max_length(), 4);
  EXPECT_THAT(tokenizer.encode("b"), ElementsAre(6, 3, 7, 0));
}

TEST_F(CLIPTokenizerTest, LearnsWords) {
  const std::vector<LearnedToken> learned = {{"<A>", 8, "w"}, {"<A>_1", 9, "w"}};
  const CLIPTokenizer tokenizer(folder.path(), learned);
  EXPECT_THAT(tokenizer.encode("a<a>b", 6), ElementsAre(6, 2, 8, 3, 7, 7));
  EXPECT_THAT(tokenizer.encode(tokenizer.with_all_vectors("<A>"), 5), ElementsAre(6, 8, 9, 7, 7));
}

TEST_F(CLIPTokenizerTest, RefusesWordsThatItHas) {
  const auto fault_of = [&](const std::string& content, std::int64_t id) {
    return message_of([&] { const CLIPTokenizer tokenizer(folder.path(), {{content, id, "w"}}); });
  };
  EXPECT_THAT(fault_of("ab</w>", 8), HasSubstr("w: the token 'ab</w>' is already in"));
  EXPECT_THAT(fault_of("<|endoftext|>", 8), HasSubstr("is already in"));
  EXPECT_THAT(fault_of("<c>", 7), HasSubstr("beyond the 7 tokens"));
  folder.write("added_tokens.json", R"({"<c>_1": 8})");
  EXPECT_THAT(fault_of("<c>", 9), HasSubstr("the token '<c>_1' is already in"));
}

TEST_F(CLIPTokenizerTest, HasNoLengthLimitOfItsOwn) {
  folder.write("tokenizer_config.json", R"({"model_max_length": 1000000000000000019884624838656})");
  EXPECT_EQ(CLIPTokenizer(folder.path()).model_max_length(), 77);
}

TEST_F(CLIPTokenizerTest, TakesNulAndBrokenBytes) {
  const std::string nul("a\0b", 3);
  EXPECT_EQ(encode(nul), encode("a\x01"
                                "b"));  // both unknown
  EXPECT_EQ(encode("a\xff"), encode("a\xEF\xBF\xBD"));
}

TEST_F(CLIPTokenizerTest, NamesFaultyFiles) {
  folder.write("merges.txt", "#version: 0.2\na b</w>\na\n");
  EXPECT_THAT(fault(), HasSubstr("merges.txt:3: a merge is two tokens"));
  folder.write("merges.txt", "b a</w>\n");
  EXPECT_THAT(fault(), HasSubstr("needs the token 'ba</w>', which the vocabulary lacks"));
  folder.write("merges.txt", "");
  folder.write("vocab.json", R"({"a": -1})");
  EXPECT_THAT(fault(), HasSubstr("token 'a' must have a whole number as its id, not -1"));
  folder.write("vocab.json", R"({"a": 0})");
  EXPECT_THAT(fault(), HasSubstr("lacks the unknown token '<|endoftext|>'"));
  folder.write("vocab.json", "{");
  EXPECT_THAT(fault(), HasSubstr("vocab.json:1:2: is not JSON"));
  folder.write("vocab.json", kVocab);
  folder.write("tokenizer_config.json", R"({"padding_side": "left"})");
  EXPECT_THAT(fault(), HasSubstr("'padding_side' must be \"right\""));
}

}  // namespace
}  // namespace fdbench
