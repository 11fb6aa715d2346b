#include "denoisers/load_denoiser.h"

#include <string>
#include <utility>

#include "models/unet_2d_condition.h"
#include "transformers/dit.h"
#include "transformers/dit_config.h"

namespace fdbench {

namespace {

using Maker = std::unique_ptr<Denoiser> (*)(const nlohmann::json& config, Weights& weights,
                                            std::unique_ptr<Weights> unread,
                                            const std::filesystem::path& place);

std::unique_ptr<Denoiser> make_usual_dit(const nlohmann::json& config, Weights& weights,
                                         std::unique_ptr<Weights> unread,
                                         const std::filesystem::path& place) {
  return make_dit(config, weights, std::move(unread), place);
}

std::unique_ptr<Denoiser> load_part(const ModelFolder& folder, const std::string& part,
                                    at::ScalarType dtype, at::Device device, Reading reading,
                                    Maker make) {
  const nlohmann::json config = folder.config(part);
  const std::filesystem::path place = folder.config_path(part);
  const bool reads_now = reading == Reading::kAtOnce;
  const auto outline = folder.weights(part, dtype, reads_now ? device : at::Device(at::kMeta));
  auto later = reads_now ? nullptr : folder.weights(part, dtype, device);
  return make(config, *outline, std::move(later), place);
}

}  // namespace

std::string denoiser_part(const ModelFolder& folder) {
  const bool is_of_transformer = !folder.has(kUNetPart) && folder.has(kTransformerPart) &&
                                 is_dit(folder.config(kTransformerPart));
  if (is_of_transformer) return kTransformerPart;
  folder.part_path(kUNetPart);
  return kUNetPart;
}

std::unique_ptr<Denoiser> load_denoiser(const ModelFolder& folder, at::ScalarType dtype,
                                        at::Device device, Reading reading) {
  const std::string part = denoiser_part(folder);
  const Maker make = part == kUNetPart ? make_unet_2d_condition : make_usual_dit;
  return load_part(folder, part, dtype, device, reading, make);
}

ControlNet load_controlnet(const ModelFolder& folder, at::ScalarType dtype, at::Device device,
                           Reading reading) {
  ControlNet control;
  control.network = load_part(folder, "controlnet", dtype, device, reading, make_controlnet);
  control.pools = folder.config("controlnet").value("global_pool_conditions", false);
  return control;
}

std::unique_ptr<Denoiser> load_outline(const ModelFolder& folder) {
  return load_denoiser(folder, at::kFloat, at::Device(at::kMeta));
}

}  // namespace fdbench
