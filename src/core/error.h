// The one exception type of fdbench: one clear line that names the place, the problem and what
// would be right.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace fdbench {

/// What kind of failure it is; the value is the exit code of the program.
enum class ErrorKind { kUsage = 2, kRuntime = 3 };

/// Where a problem was found. `line` and `column` count from 1; 0 means "not known".
struct Place {
  std::string file;
  int line = 0;
  int column = 0;

  /// "file:line:column", without the parts that are not known.
  std::string to_string() const;
};

/// One line for the user. `what()` is "place: message"; line breaks in the message are replaced by
/// spaces.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message);
  Error(ErrorKind kind, const Place& place, const std::string& message);

  ErrorKind kind() const { return kind_; }
  int exit_code() const { return static_cast<int>(kind_); }

 private:
  ErrorKind kind_;
};

/// Wrong use: the command line, a config file, a path that the user gave (exit code 2).
Error usage_error(const std::string& message);
Error usage_error(const Place& place, const std::string& message);

/// The use was right but it cannot be done: a damaged file, a full disk, no memory (exit code 3).
Error runtime_error(const std::string& message);
Error runtime_error(const Place& place, const std::string& message);

/// The candidate nearest to `word` by edit distance, or "" when none is near (more than half the
/// letters differ).
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// ", did you mean 'x'?" for the nearest candidate, else "; one of a, b, c".
std::string advice(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace fdbench
