#include "cli/failure.h"

#include <c10/util/Exception.h>

#include <cstdio>
#include <new>
#include <string_view>

#include "core/error.h"

namespace fdbench {
namespace {

constexpr std::string_view kBefore = "ried to allocate ";
/// [bytes]
constexpr double kMiB = 1024.0 * 1024.0;
constexpr const char* kSmaller =
    "use a smaller batch (pictures.batch, fewer --prompt), max_parallel, latent (latent, --height, "
    "--width) or dtype (bfloat16)";

/// "3.21 GiB" of LibTorch's "you tried to allocate 3446728704 bytes" and "Tried to allocate 3.21
/// GiB"; "" where the text names no amount.
std::string amount_in(std::string_view text) {
  const std::size_t found = text.find(kBefore);
  if (found == std::string_view::npos) return "";
  const std::string rest(text.substr(found + kBefore.size()));
  double number = 0;
  char unit[8] = "";
  if (std::sscanf(rest.c_str(), "%lf %7[A-Za-z]", &number, unit) != 2) return "";
  char amount[64];
  if (std::string_view(unit) != "bytes") {
    std::snprintf(amount, sizeof amount, "%g %s", number, unit);
  } else {
    const bool large = number >= 1024 * kMiB;
    std::snprintf(amount, sizeof amount, "%.3g %s", number / (large ? 1024 * kMiB : kMiB),
                  large ? "GiB" : "MiB");
  }
  return amount;
}

bool is_memory_failure(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return true;
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr) return true;
  const std::string_view text = error.what();
  return text.find("can't allocate memory") != std::string_view::npos ||
         text.find("out of memory") != std::string_view::npos ||
         text.find("could not create a memory") != std::string_view::npos;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

Failure describe_failure(const std::exception& error) {
  if (const auto* own = dynamic_cast<const Error*>(&error)) return {own->what(), own->exit_code()};
  if (is_memory_failure(error)) {
    const std::string amount = amount_in(error.what());
    return {"out of memory" + (amount.empty() ? "" : ": there is no room for " + amount + " more") +
            "; " + kSmaller};
  }
  if (const auto* torch = dynamic_cast<const c10::Error*>(&error)) {
    return {first_line(torch->what_without_backtrace())};
  }
  return {first_line(error.what())};
}

}  // namespace fdbench
