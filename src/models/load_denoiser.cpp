#include "models/load_denoiser.h"

#include <utility>

#include "models/unet_2d_condition.h"

namespace fdbench {

std::unique_ptr<Denoiser> load_denoiser(const ModelFolder& folder, at::ScalarType dtype,
                                        at::Device device, Reading reading) {
  const nlohmann::json config = folder.config("unet");
  const std::filesystem::path place = folder.config_path("unet");
  const bool reads_now = reading == Reading::kAtOnce;
  const auto outline = folder.weights("unet", dtype, reads_now ? device : at::Device(at::kMeta));
  auto later = reads_now ? nullptr : folder.weights("unet", dtype, device);
  return make_unet_2d_condition(config, *outline, std::move(later), place);
}

std::unique_ptr<Denoiser> load_outline(const ModelFolder& folder) {
  return load_denoiser(folder, at::kFloat, at::Device(at::kMeta));
}

}  // namespace fdbench
