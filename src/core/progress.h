// One line on a terminal that says how far a long job is and how long it will take.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace fdbench {

/// "40 s", "4 min", "2.5 h".
std::string duration_text(double seconds);

/// Takes what a terminal is to show, control codes included. Empty: nobody looks on.
using ProgressWriter = std::function<void(const std::string& text)>;

/// Work is counted in any unit (multiply-adds, say), so that long and short pieces give one honest
/// estimate of the time left.
class Progress {
 public:
  /// total: work of the whole job; done: what an earlier start has finished and this one does not
  /// repeat.
  Progress(ProgressWriter write, double total, double done);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// done: work finished so far, with that of earlier starts. label: what is being done.
  void show(double done, const std::string& label);
  /// Removes the line.
  void clear();

 private:
  ProgressWriter write_;
  double total_, done_before_;
  std::chrono::steady_clock::time_point start_;
  bool shown_ = false;
};

}  // namespace fdbench
