#include "core/progress.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace fdbench {
namespace {

constexpr int kBarWidth = 24;
constexpr const char* kEmptyLine = "\r\033[K";

}  // namespace

std::string duration_text(double seconds) {
  char text[32];
  if (seconds < 90) {
    std::snprintf(text, sizeof text, "%.0f s", seconds);
  } else if (seconds < 90 * 60) {
    std::snprintf(text, sizeof text, "%.0f min", seconds / 60);
  } else {
    std::snprintf(text, sizeof text, "%.1f h", seconds / 3600);
  }
  return text;
}

Progress::Progress(ProgressWriter write, double total, double done)
    : write_(std::move(write)),
      total_(std::max(total, 1e-9)),
      done_before_(done),
      start_(std::chrono::steady_clock::now()) {}

Progress::~Progress() { clear(); }

void Progress::show(double done, const std::string& label) {
  if (!write_) return;
  const double share = std::clamp(done / total_, 0.0, 1.0);
  const int filled = static_cast<int>(share * kBarWidth);
  const std::string bar = std::string(filled, '#') + std::string(kBarWidth - filled, '.');
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
  std::string left;
  if (done > done_before_) {
    left = duration_text(elapsed.count() * (total_ - done) / (done - done_before_)) + " left";
  }
  char percent[16];
  std::snprintf(percent, sizeof percent, "%4.0f%%  ", 100 * share);
  write_(kEmptyLine + (percent + bar) + "  " + label + "  " + left);
  shown_ = true;
}

void Progress::clear() {
  if (!shown_) return;
  write_(kEmptyLine);
  shown_ = false;
}

}  // namespace fdbench
