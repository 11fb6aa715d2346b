#include "core/notes.h"

#include <mutex>
#include <set>
#include <utility>

#include "core/one_line.h"

namespace fdbench {
namespace {

struct Listener {
  std::mutex mutex;
  NoteSink sink;
  std::set<std::string> said;
};

Listener& listener() {
  static Listener only;
  return only;
}

void say(Urgency urgency, const std::string& message) {
  const std::string line = (urgency == Urgency::kNote ? "note: " : "warning: ") + one_line(message);
  Listener& to = listener();
  const std::scoped_lock lock(to.mutex);
  if (to.sink && to.said.insert(line).second) to.sink(urgency, line);
}

std::string at_place(const Place& place, const std::string& message) {
  return place.file.empty() ? message : place.to_string() + ": " + message;
}

}  // namespace

void say_note(const std::string& message) { say(Urgency::kNote, message); }

void say_note(const Place& place, const std::string& message) {
  say_note(at_place(place, message));
}

void say_warning(const std::string& message) { say(Urgency::kWarning, message); }

void say_warning(const Place& place, const std::string& message) {
  say_warning(at_place(place, message));
}

NoteSink set_note_sink(NoteSink sink) {
  Listener& to = listener();
  const std::scoped_lock lock(to.mutex);
  to.said.clear();
  return std::exchange(to.sink, std::move(sink));
}

}  // namespace fdbench
