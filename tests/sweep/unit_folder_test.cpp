#include "sweep/unit_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temporary_folder.h"

namespace fdbench {
namespace {

using testing::HasSubstr;

const Settings kSettings = {{"seed", "0"}, {"timing.rounds", "4"}};

std::string fault(const std::filesystem::path& output, const Settings& settings, bool fresh) {
  return message_of([&] { const UnitFolder folder(output, settings, fresh); });
}

TEST(UnitFolder, KeepsUnitsAndRemovesLeftovers) {
  const TemporaryFolder temporary;
  const auto output = temporary / "deep/out.h5";
  temporary.write("deep/out.h5.units/0123.h5", "unit");
  temporary.write("deep/out.h5.units/.0123.h5.abcdef", "half a unit");
  temporary.write("deep/.out.h5.partial", "half a result");
  UnitFolder folder(output, kSettings, false);
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "0123.h5"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / ".0123.h5.abcdef"));
  EXPECT_FALSE(std::filesystem::exists(temporary / "deep/.out.h5.partial"));
  folder.remove();
  EXPECT_TRUE(std::filesystem::is_empty(temporary / "deep"));
}

TEST(UnitFolder, RefusesOtherSettings) {
  const TemporaryFolder temporary;
  const auto output = temporary / "out.h5";
  temporary.write("out.h5.units/0123.h5", "unit");
  EXPECT_EQ(fault(output, kSettings, false), "");
  EXPECT_TRUE(has_begun(output, kSettings));
  EXPECT_FALSE(has_begun(output, {{"seed", "1"}}));
  EXPECT_THAT(fault(output, {{"seed", "1"}, {"timing.rounds", "4"}}, false),
              HasSubstr("seed (was 0, now 1)"));
  EXPECT_EQ(fault(output, {{"seed", "0"}, {"timing.rounds", "9"}}, false), "");
  EXPECT_EQ(fault(output, {{"seed", "0"}, {"timing.until", "5 0.01"}}, false), "");
}

TEST(UnitFolder, GoesWhenNoUnitWasCompleted) {
  const TemporaryFolder temporary;
  EXPECT_EQ(fault(temporary / "out.h5", kSettings, false), "");
  EXPECT_TRUE(std::filesystem::is_empty(temporary.path()));
}

TEST(RemoveLeftovers, SparesUnitsOfAnotherConfiguration) {
  const TemporaryFolder temporary;
  const auto output = temporary / "out.h5";
  temporary.write("out.h5.units/0123.h5", "unit");
  EXPECT_EQ(fault(output, kSettings, false), "");
  remove_leftovers(output, {{"seed", "1"}});
  EXPECT_TRUE(std::filesystem::exists(temporary / "out.h5.units/0123.h5"));
  remove_leftovers(output, kSettings);
  EXPECT_TRUE(std::filesystem::is_empty(temporary.path()));
  remove_leftovers(output, kSettings);
}

TEST(UnitFolder, FreshRemovesUnits) {
  const TemporaryFolder temporary;
  const auto unit = temporary.write("out.h5.units/0123.h5", "unit");
  EXPECT_EQ(fault(temporary / "out.h5", {{"seed", "1"}}, true), "");
  EXPECT_FALSE(std::filesystem::exists(unit));
}

TEST(UnitFolder, IsHeldByOneProgramAtATime) {
  const TemporaryFolder temporary;
  const auto output = temporary / "out.h5";
  {
    const UnitFolder first(output, kSettings, false);
    EXPECT_THAT(fault(output, kSettings, false), HasSubstr("another fdbench is working"));
  }
  EXPECT_EQ(fault(output, kSettings, false), "");
}

}  // namespace
}  // namespace fdbench
