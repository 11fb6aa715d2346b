#include "profiling/profile_table.h"

#include <algorithm>
#include <cstdio>

#include "core/device.h"

namespace fdbench {
namespace {

constexpr int kBarWidth = 24;
/// JSON has all.
constexpr std::size_t kNumOperators = 12;

std::string bar(double share, double largest) {
  const int filled = largest > 0 ? static_cast<int>(share / largest * kBarWidth + 0.5) : 0;
  return std::string(filled, '#') + std::string(kBarWidth - filled, ' ');
}

/// "812 MB", "1.72 GB".
std::string bytes_text(std::int64_t bytes) {
  char text[32];
  const auto value = static_cast<double>(bytes);
  const bool large = bytes >= 1'000'000'000;
  std::snprintf(text, sizeof text, large ? "%.2f GB" : "%.1f MB", value / (large ? 1e9 : 1e6));
  return text;
}

void print_row(const ProfileRow& row, double largest) {
  std::printf("%-18s %10.2f %6.1f%%  %s", row.name.c_str(), 1e3 * row.seconds, 100 * row.share,
              bar(row.share, largest).c_str());
  if (row.multiply_adds) {
    std::printf(" %11.3f %9.1f", 1e-9 * static_cast<double>(*row.multiply_adds), row.gmac_per_s());
  } else {
    std::printf(" %11s %9s", "-", "-");
  }
  std::printf(" %12.3f\n", 1e-6 * static_cast<double>(row.parameters));
}

void print_rows(const std::vector<ProfileRow>& rows) {
  double largest = 0;
  for (const ProfileRow& row : rows) largest = std::max(largest, row.share);
  for (const ProfileRow& row : rows) print_row(row, largest);
}

void print_blocks(const ProfileSummary& summary) {
  std::printf("%-18s %10s %7s  %-*s %11s %9s %12s\n", "block", "ms", "share", kBarWidth, "",
              "mult-adds G", "GMAC/s", "parameters M");
  print_rows(summary.blocks);
  std::printf("\n");
  print_rows(summary.parts);
}

void print_operator(const OperatorRow& row) {
  std::printf("%-36s %10.2f %6.1f%% %7lld\n", row.name.c_str(), 1e3 * row.seconds, 100 * row.share,
              static_cast<long long>(row.calls));
}

void print_operators(const std::vector<OperatorRow>& rows, const at::Device& device) {
  if (rows.empty()) {
    std::printf("\nno operator times on %s: calls only queue work there\n", device.str().c_str());
    return;
  }
  std::printf("\n%-36s %10s %7s %7s\n", "operator", "self ms", "share", "calls");
  // The last one is what is outside of operators.
  const std::size_t named = rows.size() - 1;
  const std::size_t shown = std::min(kNumOperators, named);
  OperatorRow others{"(" + std::to_string(named - shown) + " others)"};
  for (std::size_t i = 0; i < shown; ++i) print_operator(rows[i]);
  for (std::size_t i = shown; i < named; ++i) {
    others.seconds += rows[i].seconds;
    others.share += rows[i].share;
    others.calls += rows[i].calls;
  }
  if (shown < named) print_operator(others);
  print_operator(rows.back());
}

void print_caption(const ProfileSummary& summary, const ProfileCaption& caption) {
  std::printf("%s: %.1f M parameters, %s on %s\n", caption.model.c_str(),
              1e-6 * static_cast<double>(summary.parameters), dtype_name(caption.dtype).c_str(),
              device_description(caption.device).c_str());
  std::printf("one UNet call: batch %lld, latent %lldx%lld, %lld text tokens; medians of %d\n\n",
              static_cast<long long>(caption.shape.batch),
              static_cast<long long>(caption.shape.axes[0]),
              static_cast<long long>(caption.shape.axes[1]),
              static_cast<long long>(caption.shape.text_tokens), caption.repeats);
}

}  // namespace

void print_profile_table(const ProfileSummary& summary, const ProfileCaption& caption) {
  print_caption(summary, caption);
  print_blocks(summary);
  print_operators(summary.operators, caption.device);
  std::printf(
      "\nUNet %.4f s a call (%.4f to %.4f), %.1f GMAC/s, peak memory %s above %s of weights\n",
      summary.unet.median, summary.unet.min, summary.unet.max, summary.gmac_per_s(),
      bytes_text(summary.peak_bytes).c_str(), bytes_text(summary.weights_bytes).c_str());
  std::printf(
      "block and operator times are from separate calls with clocks (%+.1f%%); loaded in %.2f s\n",
      100 * (summary.instrumented.median / summary.unet.median - 1), caption.load_seconds);
}

}  // namespace fdbench
