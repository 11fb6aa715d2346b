// diffusers' UNet2DConditionModel for the configurations of SD 1.x, SD 2.x and SDXL.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "io/weights.h"
#include "models/denoiser.h"

namespace fdbench {

/// Builds the UNet from a diffusers config.json and its weights (taken strictly, `weights.finish()`
/// included). place: the config file, for messages. Throws a usage error that names any option that
/// is not supported.
std::unique_ptr<Denoiser> make_unet_2d_condition(const nlohmann::json& config, Weights& weights,
                                                 const std::filesystem::path& place);

/// The same UNet, whose layers take and pack their weights when they first run: it is there in
/// milliseconds, and layers that a plan never runs are never read. outline: the same weights on the
/// meta device, against which everything is checked at once, so that errors come now and not later.
std::unique_ptr<Denoiser> make_unread_unet_2d_condition(const nlohmann::json& config,
                                                        Weights& outline,
                                                        std::unique_ptr<Weights> weights,
                                                        const std::filesystem::path& place);

}  // namespace fdbench
