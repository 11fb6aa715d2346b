// Times of a call in the trace event format, which Perfetto and chrome://tracing show.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "profiling/layer_profile.h"

namespace fdbench {

/// One call as a trace: a track on which blocks enclose layers and layers enclose the operators
/// that they call. Source: "Trace Event Format" of the Chromium project; complete events (ph X),
/// times in microseconds from the start of the call. Events are sorted by start, the enclosing one
/// first. multiply_adds: of each layer, shown with it. title: name of the track.
nlohmann::ordered_json chrome_trace(std::span<const LayerInfo> layers, const CallTimes& times,
                                    std::span<const std::int64_t> multiply_adds,
                                    const std::string& title);

}  // namespace fdbench
