#include "cli/test_hooks.h"

#include <cstdlib>
#include <string>
#include <utility>

#include "core/error.h"
#include "denoisers/slowed_denoiser.h"

namespace fdbench {
namespace {

constexpr const char* kVariable = "FDBENCH_SLOW_DECODER";
constexpr double kLargestShare = 10;

}  // namespace

DenoiserChange slowed_decoder_hook() {
  const char* text = std::getenv(kVariable);
  if (text == nullptr || *text == '\0') return {};
  char* end = nullptr;
  const double share = std::strtod(text, &end);
  if (*end != '\0' || !(share >= 0 && share <= kLargestShare)) {
    throw usage_error(std::string(kVariable) + "='" + text +
                      "': wants a share from 0 to 10, such as 0.05 for 5%");
  }
  return [share](std::unique_ptr<Denoiser> denoiser) {
    return slow_decoder(std::move(denoiser), share);
  };
}

}  // namespace fdbench
