#include "profiling/chrome_trace.h"

#include <algorithm>
#include <vector>

namespace fdbench {
namespace {

using nlohmann::ordered_json;

constexpr int kProcess = 1, kTrack = 1;

struct TraceEvent {
  std::string name, category;
  TimeSpan time;
  /// What encloses an event that starts at the same time comes first.
  int depth = 0;
  ordered_json arguments = ordered_json::object();
};

/// The whole call, each block and each layer.
std::vector<TraceEvent> layer_events(std::span<const LayerInfo> layers, const CallTimes& times,
                                     std::span<const std::int64_t> multiply_adds) {
  std::vector<TraceEvent> events;
  events.push_back({"call", "call", times.call, 0});
  events.push_back({"time_embedding", "block", times.begin_step, 1});
  // The event of the block that layer i belongs to.
  std::size_t block = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (i == 0 || layers[i].block != layers[i - 1].block) {
      block = events.size();
      events.push_back({layers[i].block, "block", times.layers[i], 1});
    }
    events[block].time.end = times.layers[i].end;
    events.push_back({layers[i].name,
                      "layer",
                      times.layers[i],
                      2,
                      {{"role", layers[i].part}, {"multiply_adds", multiply_adds[i]}}});
  }
  return events;
}

double microseconds(std::int64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1000; }

ordered_json event_json(const TraceEvent& event, std::int64_t start) {
  return {{"name", event.name},
          {"cat", event.category},
          {"ph", "X"},
          {"ts", microseconds(event.time.begin - start)},
          {"dur", microseconds(event.time.nanoseconds())},
          {"pid", kProcess},
          {"tid", kTrack},
          {"args", event.arguments}};
}

ordered_json name_json(const char* kind, const std::string& name) {
  return {
      {"name", kind}, {"ph", "M"}, {"pid", kProcess}, {"tid", kTrack}, {"args", {{"name", name}}}};
}

}  // namespace

ordered_json chrome_trace(std::span<const LayerInfo> layers, const CallTimes& times,
                          std::span<const std::int64_t> multiply_adds, const std::string& title) {
  std::vector<TraceEvent> events = layer_events(layers, times, multiply_adds);
  for (const OperatorSpan& call : times.operators) {
    events.push_back({call.name, "operator", call.time, 3, {{"self_us", microseconds(call.self)}}});
  }
  const auto before = [](const TraceEvent& a, const TraceEvent& b) {
    if (a.time.begin != b.time.begin) return a.time.begin < b.time.begin;
    return a.depth != b.depth ? a.depth < b.depth : a.time.end > b.time.end;
  };
  std::stable_sort(events.begin(), events.end(), before);
  ordered_json list = ordered_json::array();
  list.push_back(name_json("process_name", "fdbench"));
  list.push_back(name_json("thread_name", title));
  for (const TraceEvent& event : events) list.push_back(event_json(event, times.call.begin));
  return {{"displayTimeUnit", "ms"}, {"traceEvents", std::move(list)}};
}

}  // namespace fdbench
