#include "results/untrusted_file.h"

#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include "core/error.h"
#include "io/temporary_folder.h"
#include "results/checksum_line.h"

namespace fdbench {
namespace {

std::string fault_of(const std::filesystem::path& path, const std::function<void()>& read,
                     unsigned seconds = 5) {
  try {
    check_readable(path, read, seconds);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(UntrustedFile, ThatIsReadToItsEndIsLookedAtOnce) {
  const TemporaryFolder folder;
  const auto path = folder.write("a.h5", "harmless");
  EXPECT_EQ(fault_of(path, [] {}), "");
  EXPECT_EQ(fault_of(path, [] { raise(SIGSEGV); }), "") << "it has not changed";
  folder.write("a.h5", "changed");
  EXPECT_NE(fault_of(path, [] { raise(SIGSEGV); }), "");
}

TEST(UntrustedFile, ThatFitsItsChecksumIsTrusted) {
  const TemporaryFolder folder;
  const std::string whole = "contents" + checksum_line("result", "contents");
  EXPECT_EQ(fault_of(folder.write("a.h5", whole), [] { raise(SIGSEGV); }), "");
  const auto damaged = folder.write("b.h5", "d" + whole.substr(1));
  EXPECT_NE(fault_of(damaged, [] {}).find("b.h5: is damaged: it does not fit the checksum"),
            std::string::npos);
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
  EXPECT_EQ(fault_of(path, [] {}), expected) << "it has not changed";
}

TEST(UntrustedFile, ThatIsReadForEverIsNamed) {
  const TemporaryFolder folder;
  const auto path = folder.write("a.h5", "endless");
  const std::string fault = fault_of(
      path,
      [] {
        for (volatile bool goes_on = true; goes_on;) {
        }
      },
      1);
  EXPECT_NE(fault.find("finds no end"), std::string::npos) << fault;
}

}  // namespace
}  // namespace fdbench
