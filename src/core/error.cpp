#include "core/error.h"

#include <algorithm>
#include <numeric>

#include "core/one_line.h"

namespace fdbench {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitution});
    }
  }
  return row[b.size()];
}

std::string placed(const Place& place, const std::string& message) {
  return place.file.empty() ? message : place.to_string() + ": " + message;
}

}  // namespace

std::string Place::to_string() const {
  std::string text = file;
  if (line > 0) text.append(":").append(std::to_string(line));
  if (line > 0 && column > 0) text.append(":").append(std::to_string(column));
  return text;
}

Error::Error(ErrorKind kind, const std::string& message)
    : std::runtime_error(one_line(message)), kind_(kind), message_(what()) {}

Error::Error(ErrorKind kind, const Place& place, const std::string& message)
    : std::runtime_error(one_line(placed(place, message))),
      kind_(kind),
      place_(place),
      message_(one_line(message)) {}

Error Error::about(std::string key) const {
  Error error = *this;
  error.key_ = std::move(key);
  return error;
}

Error Error::moved_to(const Place& place) const {
  return Error(kind_, place, message_).about(key_);
}

Error Error::seen_from(const Place& place) const { return Error(kind_, place, what()).about(key_); }

Error usage_error(const std::string& message) { return Error(ErrorKind::kUsage, message); }
Error usage_error(const Place& place, const std::string& message) {
  return Error(ErrorKind::kUsage, place, message);
}
Error runtime_error(const std::string& message) { return Error(ErrorKind::kRuntime, message); }
Error runtime_error(const Place& place, const std::string& message) {
  return Error(ErrorKind::kRuntime, place, message);
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = word.size() / 2 + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string advice(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string near = nearest(word, candidates);
  if (!near.empty()) return ", did you mean '" + near + "'?";
  std::string list;
  for (const std::string& candidate : candidates) list += (list.empty() ? "" : ", ") + candidate;
  return "; one of " + list;
}

}  // namespace fdbench
