#include "core/progress.h"

#include <unistd.h>

#include <algorithm>

namespace fdbench {
namespace {

constexpr int kBarWidth = 24;

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

Progress::Progress(std::FILE* stream, bool enabled, double total, double done)
    : stream_(stream),
      enabled_(enabled && isatty(fileno(stream)) != 0),
      total_(std::max(total, 1e-9)),
      done_before_(done),
      start_(std::chrono::steady_clock::now()) {}

Progress::~Progress() { clear(); }

void Progress::show(double done, const std::string& label) {
  if (!enabled_) return;
  const double share = std::clamp(done / total_, 0.0, 1.0);
  const int filled = static_cast<int>(share * kBarWidth);
  const std::string bar = std::string(filled, '#') + std::string(kBarWidth - filled, '.');
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
  std::string left;
  if (done > done_before_) {
    left = duration_text(elapsed.count() * (total_ - done) / (done - done_before_)) + " left";
  }
  std::fprintf(stream_, "\r\033[K%4.0f%%  %s  %s  %s", 100 * share, bar.c_str(), label.c_str(),
               left.c_str());
  std::fflush(stream_);
  shown_ = true;
}

void Progress::clear() {
  if (!shown_) return;
  std::fprintf(stream_, "\r\033[K");
  std::fflush(stream_);
  shown_ = false;
}

}  // namespace fdbench
