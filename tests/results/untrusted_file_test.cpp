#include "results/untrusted_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "core/error.h"
#include "io/temporary_folder.h"

namespace fdbench {
namespace {

std::string fault_of(const std::filesystem::path& path, const std::function<void()>& read,
                     unsigned seconds = 20) {
  try {
    check_survives(path, read, seconds);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(UntrustedFile, ThatIsReadToItsEndIsLookedAtOnce) {
  const TemporaryFolder folder;
  const auto path = folder.write("a.h5", "harmless");
  EXPECT_EQ(fault_of(path, [] {}), "");
  EXPECT_EQ(fault_of(path, [] { raise(SIGSEGV); }), "") << "the same contents are known";
}

TEST(UntrustedFile, OwnErrorsAreLeftToWhoeverReadsInEarnest) {
  const TemporaryFolder folder;
  const auto path = folder.write("a.h5", "refused");
  EXPECT_EQ(fault_of(path, [] { throw usage_error("no result of fdbench"); }), "");
}

TEST(UntrustedFile, ThatBringsItsReaderDownIsNamed) {
  const TemporaryFolder folder;
  const auto path = folder.write("a.h5", "crash");
  const std::string expected =
      path.string() + ": is damaged, and its HDF5 cannot be read (the library: Segmentation fault)";
  EXPECT_EQ(fault_of(path, [] { raise(SIGSEGV); }), expected);
  EXPECT_EQ(fault_of(path, [] {}), expected) << "the same contents are known";
}

TEST(UntrustedFile, ThatIsReadForEverIsNamed) {
  const TemporaryFolder folder;
  const auto path = folder.write("a.h5", "endless");
  const std::string fault = fault_of(
      path, [] { pause(); }, 1);
  EXPECT_NE(fault.find("finds no end"), std::string::npos) << fault;
}

}  // namespace
}  // namespace fdbench
