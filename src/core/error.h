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

/// One line for the user. `what()` is "place: message", or the message where no place is known;
/// line breaks are replaced by spaces. Whoever passes an error on goes by its parts, never by its
/// text.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message);
  Error(ErrorKind kind, const Place& place, const std::string& message);

  ErrorKind kind() const { return kind_; }
  int exit_code() const { return static_cast<int>(kind_); }
  /// An empty file where no place is known.
  const Place& place() const { return place_; }
  /// Without the place.
  const std::string& message() const { return message_; }
  /// The option or key that it is about; "" where it is about none.
  const std::string& key() const { return key_; }

  /// The same error about `key`; what() stays.
  Error about(std::string key) const;
  /// The same error at another place, which takes the place of its own.
  Error moved_to(const Place& place) const;
  /// The same error where another place leads to its own: "place: own place: message".
  Error seen_from(const Place& place) const;

 private:
  ErrorKind kind_;
  Place place_;
  std::string message_, key_;
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
