#include "denoisers/control_fit.h"

#include <algorithm>
#include <string>

#include "core/error.h"

namespace fdbench {
namespace {

constexpr const char* kAnotherBase = ": it is of another base model";

void check_channels(const ModelInfo& unet, const ModelInfo& network) {
  if (network.in_channels == unet.in_channels) return;
  throw usage_error("the control network takes samples of " + std::to_string(network.in_channels) +
                    " channels, the UNet of " + std::to_string(unet.in_channels) + kAnotherBase);
}

/// Of what both read: the text's width, say.
void check_conditioning(const ModelInfo& unet, const ModelInfo& network) {
  for (const ConditioningInput& own : network.conditioning) {
    for (const ConditioningInput& other : unet.conditioning) {
      if (own.name != other.name || own.axes == other.axes || own.axes.empty()) continue;
      throw usage_error("the control network takes '" + own.name + "' of width " +
                        std::to_string(own.axes.back()) + ", the UNet of " +
                        std::to_string(other.axes.back()) + kAnotherBase);
    }
  }
}

int layer_named(const ModelInfo& network, const std::string& name) {
  const auto found = std::find_if(network.layers.begin(), network.layers.end(),
                                  [&](const LayerInfo& layer) { return layer.name == name; });
  if (found != network.layers.end()) return static_cast<int>(found - network.layers.begin());
  throw usage_error("the control network has no '" + name + "', which this UNet needs" +
                    kAnotherBase);
}

}  // namespace

std::vector<int> residuals_for(const Denoiser& unet, std::vector<int> skips, int mid,
                               const Denoiser& network, bool pools) {
  if (skips.empty()) {
    throw usage_error("a control network goes beside a UNet: a " + unet.info().class_name +
                      " has no skips that it could be added to");
  }
  check_channels(unet.info(), network.info());
  check_conditioning(unet.info(), network.info());
  skips.push_back(mid);
  const std::vector<LayerCost> wanted = unet.costs({}, {}), own = network.costs({}, {});
  std::vector<int> residuals;
  for (std::size_t i = 0; i < skips.size(); ++i) {
    const std::string name = i + 1 == skips.size() ? "controlnet_mid_block"
                                                   : "controlnet_down_blocks." + std::to_string(i);
    const auto residual = static_cast<std::size_t>(layer_named(network.info(), name));
    const auto skip = static_cast<std::size_t>(skips[i]);
    if (!pools && own[residual].output_size != wanted[skip].output_size) {
      throw usage_error("the control network's '" + name + "' is of another size than " +
                        unet.layers()[skip].name + " of the UNet" + kAnotherBase);
    }
    residuals.push_back(static_cast<int>(residual));
  }
  return residuals;
}

}  // namespace fdbench
