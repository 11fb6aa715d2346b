// diffusers' UNet2DConditionModel and ControlNetModel for the configurations of SD 1.x, SD 2.x and
// SDXL.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "io/weights.h"
#include "models/denoiser.h"

namespace fdbench {

/// Builds the UNet from a diffusers config.json and its weights (taken strictly, `weights.finish()`
/// included). place: the config file, for messages. unread: none, or the same weights where
/// `weights` are on the meta device: the layers take and pack them when they first run, so that the
/// UNet is there in milliseconds and layers that a plan never runs are never read; everything is
/// checked against `weights` at once, so that errors come now and not later. Throws a usage error
/// that names any option that is not supported.
std::unique_ptr<Denoiser> make_unet_2d_condition(const nlohmann::json& config, Weights& weights,
                                                 std::unique_ptr<Weights> unread,
                                                 const std::filesystem::path& place);

/// The same of a ControlNetModel: a network of a sample, a text and a control picture
/// (`controlnet_cond` [B, C, H, W], 0 to 1, in pixels) whose last layers are the residuals
/// controlnet_down_blocks.0, ... of the UNet's skips in their order, and controlnet_mid_block.
std::unique_ptr<Denoiser> make_controlnet(const nlohmann::json& config, Weights& weights,
                                          std::unique_ptr<Weights> unread,
                                          const std::filesystem::path& place);

}  // namespace fdbench
