// What a user should know although it is no error: one line each on stderr, said once in a process.
#pragma once

#include <functional>
#include <string>

#include "core/error.h"

namespace fdbench {

/// A note tells what was done ("the snapshot 0123abcd is taken"); a warning tells that a result may
/// not be what its reader takes it for.
enum class Urgency { kNote, kWarning };

/// Called with each line that was not said before: "warning: FILE: message" or "note: message".
using NoteSink = std::function<void(Urgency, const std::string& line)>;

/// Says a line, once however often it is called with the same words. Line breaks in the message are
/// replaced by spaces. Without a sink nothing is printed.
void say_note(const std::string& message);
void say_note(const Place& place, const std::string& message);
void say_warning(const std::string& message);
void say_warning(const Place& place, const std::string& message);

/// Replaces who hears notes and warnings, and forgets what was said; an empty sink silences them.
/// The program prints them on stderr (cli/main.cpp). -> the sink until now.
NoteSink set_note_sink(NoteSink sink);

}  // namespace fdbench
