// Which ATen operators a piece of work calls, and how long each takes without those it calls.
#pragma once

#include <ATen/record_function.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace fdbench {

/// From begin to end on the steady clock [ns].
struct TimeSpan {
  std::int64_t begin = 0, end = 0;

  std::int64_t nanoseconds() const { return end - begin; }
  double seconds() const { return 1e-9 * static_cast<double>(nanoseconds()); }
};

/// Now on the steady clock [ns].
std::int64_t steady_nanoseconds();

/// One call of an operator.
struct OperatorSpan {
  /// "aten::cat"; the kernels of fdbench call themselves "fdbench::attention".
  std::string name;
  TimeSpan time;
  /// Of it: what no operator called by this one took [ns].
  std::int64_t self = 0;
  /// No other operator called it.
  bool outermost = true;
};

/// All calls of one operator.
struct OperatorTotal {
  std::string name;
  /// Self time.
  double seconds = 0;
  std::int64_t calls = 0;
};

/// Records the operators that this thread calls while it lives (RecordFunction, the hook of
/// PyTorch's own profiler). Work that operators share out to other threads counts as the
/// operator's. One at a time on a thread. Costs about a microsecond a call.
class OperatorRecorder {
 public:
  OperatorRecorder();
  ~OperatorRecorder();
  OperatorRecorder(const OperatorRecorder&) = delete;
  OperatorRecorder& operator=(const OperatorRecorder&) = delete;

  /// The calls that have ended, in the order of their ends; forgets them.
  std::vector<OperatorSpan> take();

 private:
  struct Open {
    std::string name;
    /// Inside: in operators that it called [ns].
    std::int64_t begin = 0, inside = 0;
  };
  static std::unique_ptr<at::ObserverContext> on_start(const at::RecordFunction& function);
  static void on_end(const at::RecordFunction& function, at::ObserverContext* context);

  at::CallbackHandle handle_;
  std::vector<Open> open_;
  std::vector<OperatorSpan> ended_;
};

/// Self time and number of calls by name, the longest first.
std::vector<OperatorTotal> operator_totals(std::span<const OperatorSpan> spans);

}  // namespace fdbench
