#include "profiling/operator_profile.h"

#include <algorithm>
#include <chrono>
#include <map>

namespace fdbench {
namespace {

// The hook takes plain functions only, so they find their recorder here.
thread_local OperatorRecorder* current_recorder = nullptr;

}  // namespace

std::int64_t steady_nanoseconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

OperatorRecorder::OperatorRecorder() {
  current_recorder = this;
  handle_ = at::addThreadLocalCallback(
      at::RecordFunctionCallback(&on_start, &on_end).scopes({at::RecordScope::FUNCTION}));
}

OperatorRecorder::~OperatorRecorder() {
  at::removeCallback(handle_);
  current_recorder = nullptr;
}

std::vector<OperatorSpan> OperatorRecorder::take() { return std::exchange(ended_, {}); }

std::unique_ptr<at::ObserverContext> OperatorRecorder::on_start(
    const at::RecordFunction& function) {
  current_recorder->open_.push_back({function.name(), steady_nanoseconds(), 0});
  return nullptr;
}

void OperatorRecorder::on_end(const at::RecordFunction& /*function*/,
                              at::ObserverContext* /*context*/) {
  const std::int64_t end = steady_nanoseconds();
  std::vector<Open>& open = current_recorder->open_;
  Open call = std::move(open.back());
  open.pop_back();
  const TimeSpan time{call.begin, end};
  if (!open.empty()) open.back().inside += time.nanoseconds();
  current_recorder->ended_.push_back(
      {std::move(call.name), time, time.nanoseconds() - call.inside, open.empty()});
}

std::vector<OperatorTotal> operator_totals(std::span<const OperatorSpan> spans) {
  std::map<std::string, OperatorTotal> by_name;
  for (const OperatorSpan& span : spans) {
    OperatorTotal& total = by_name[span.name];
    total.seconds += 1e-9 * static_cast<double>(span.self);
    ++total.calls;
  }
  std::vector<OperatorTotal> totals;
  for (auto& [name, total] : by_name) {
    total.name = name;
    totals.push_back(total);
  }
  std::stable_sort(
      totals.begin(), totals.end(),
      [](const OperatorTotal& a, const OperatorTotal& b) { return a.seconds > b.seconds; });
  return totals;
}

}  // namespace fdbench
