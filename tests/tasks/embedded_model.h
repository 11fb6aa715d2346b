// The embedded model, and folders that hold only some of its parts.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace fdbench {

inline std::filesystem::path embedded_model() {
  return std::filesystem::path(FDBENCH_SOURCE_DIR) / "models" / "mini";
}

/// A temporary folder, removed at the end.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::vector<std::string>& parts = {}) {
    const std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    path_ = std::filesystem::temp_directory_path() / ("fdbench_" + std::to_string(getpid()) + name);
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
    for (const std::string& part : parts) {
      std::filesystem::create_directory_symlink(embedded_model() / part, path_ / part);
    }
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace fdbench
