#include "models/vae.h"

#include <string>

#include "core/error.h"
#include "models/autoencoder_kl.h"
#include "models/autoencoder_tiny.h"

namespace fdbench {
namespace {

constexpr const char* kKl = "AutoencoderKL";
constexpr const char* kTiny = "AutoencoderTiny";
constexpr std::int64_t kStableDiffusionFactor = 8;
constexpr std::size_t kMostBlocks = 16;

std::string class_of(const nlohmann::json& config) {
  const auto found = config.is_object() ? config.find("_class_name") : config.end();
  if (!config.is_object() || found == config.end()) return kKl;
  return found->is_string() ? found->get<std::string>() : found->dump();
}

}  // namespace

void check_vae_class(const nlohmann::json& config, const std::filesystem::path& place) {
  const std::string name = class_of(config);
  if (name == kKl || name == kTiny) return;
  throw usage_error(
      {place.string()},
      "'_class_name': '" + name +
          "' draws no pictures here; fdbench supports AutoencoderKL and AutoencoderTiny ('fdbench "
          "generate --save-latents FILE' without --output needs no autoencoder)");
}

std::unique_ptr<Vae> make_vae(const nlohmann::json& config, Weights& weights,
                              const std::filesystem::path& place) {
  check_vae_class(config, place);
  if (class_of(config) == kTiny) return std::make_unique<AutoencoderTiny>(config, weights, place);
  return std::make_unique<AutoencoderKL>(config, weights, place);
}

std::int64_t vae_factor(const nlohmann::json& config) {
  const auto found = config.is_object() ? config.find("block_out_channels") : config.end();
  const bool is_list = config.is_object() && found != config.end() && found->is_array();
  if (!is_list || found->empty() || found->size() > kMostBlocks) return kStableDiffusionFactor;
  return std::int64_t{1} << (found->size() - 1);
}

at::Tensor to_pictures(const at::Tensor& decoded) {
  const at::Tensor unit = decoded.mul(0.5).add_(0.5).clamp_(0, 1).to(at::kCPU, at::kFloat);
  return unit.mul(255).round_().to(at::kByte).permute({0, 2, 3, 1}).contiguous();
}

}  // namespace fdbench
