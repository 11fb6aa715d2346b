// A word that a tokenizer learns.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace fdbench {

struct LearnedToken {
  std::string content;
  /// The row of the text encoder's table.
  std::int64_t id = 0;
  /// Where its vector is from.
  std::filesystem::path file;
};

}  // namespace fdbench
