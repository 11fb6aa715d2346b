#include "text/word_piece_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "text/bert_words.h"

namespace fdbench {
namespace {

using testing::ElementsAre;

class WordPiece : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) / "fdbench_word_piece";
    std::filesystem::create_directories(folder_);
    std::ofstream(folder_ / "vocab.txt")
        << "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nred\nsq\n##uare\n##s\n,\n";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_F(WordPiece, TakesTheLongestPieces) {
  const WordPieceTokenizer tokenizer(folder_);
  EXPECT_THAT(tokenizer.encode("A Red squares, cube", 9), ElementsAre(2, 5, 6, 7, 8, 9, 10, 1, 3));
  EXPECT_THAT(tokenizer.encode("a", 5), ElementsAre(2, 5, 3, 0, 0));
  EXPECT_EQ(tokenizer.count("a red square"), 6);
}

TEST_F(WordPiece, CutsAndTellsWhatIsCut) {
  const WordPieceTokenizer tokenizer(folder_);
  EXPECT_THAT(tokenizer.encode("a red square", 4), ElementsAre(2, 5, 6, 3));
  EXPECT_EQ(tokenizer.text_beyond("a red square", 4), "square");
  EXPECT_EQ(tokenizer.text_beyond("a red square", 6), "");
  EXPECT_THROW(tokenizer.encode("a", 1), Error);
}

TEST_F(WordPiece, SpecialTokensInATextAreThemselves) {
  const WordPieceTokenizer tokenizer(folder_);
  EXPECT_THAT(tokenizer.encode("a[MASK]a [SEP]", 6), ElementsAre(2, 5, 4, 5, 3, 3));
}

TEST_F(WordPiece, BrokenUtf8IsRemoved) {
  const WordPieceTokenizer tokenizer(folder_);
  EXPECT_THAT(tokenizer.encode("a\xff\xc3 red", 4), ElementsAre(2, 5, 6, 3));
}

TEST(BertWords, AreCleanedAndCut) {
  EXPECT_EQ(bert_normalized("\xC3\x89t\xC3\xA9\t\xE4\xB8\xAD!", {}), "ete  \xE4\xB8\xAD !");
  EXPECT_THAT(bert_words("ete  x-y!"), ElementsAre("ete", "x", "-", "y", "!"));
  EXPECT_THAT(bert_words(""), ElementsAre());
}

}  // namespace
}  // namespace fdbench
