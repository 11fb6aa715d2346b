#include "core/notes.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace fdbench {
namespace {

using ::testing::ElementsAre;

class NotesTest : public ::testing::Test {
 protected:
  NotesTest() {
    before_ = set_note_sink([this](Urgency, const std::string& line) { lines_.push_back(line); });
  }
  ~NotesTest() override { set_note_sink(before_); }

  std::vector<std::string> lines_;
  NoteSink before_;
};

TEST_F(NotesTest, NamesThePlaceAndTheUrgency) {
  say_note("the snapshot 0123abcd is taken");
  say_warning(Place{"unet/config.json", 3}, "'note' is passed over");
  EXPECT_THAT(lines_, ElementsAre("note: the snapshot 0123abcd is taken",
                                  "warning: unet/config.json:3: 'note' is passed over"));
}

TEST_F(NotesTest, SaysTheSameLineOnce) {
  say_note("twice");
  say_note("twice");
  say_warning("twice");
  EXPECT_THAT(lines_, ElementsAre("note: twice", "warning: twice"));
}

TEST_F(NotesTest, KeepsToOneLine) {
  say_note("a name\nwith a break");
  EXPECT_THAT(lines_, ElementsAre("note: a name with a break"));
}

TEST_F(NotesTest, ASilencedSinkHearsNothing) {
  const NoteSink mine = set_note_sink({});
  say_note("unheard");
  set_note_sink(mine);
  EXPECT_THAT(lines_, ElementsAre());
}

}  // namespace
}  // namespace fdbench
