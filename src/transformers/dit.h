// diffusers' DiTTransformer2DModel: a transformer over patches of the latent that is told a class.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "io/weights.h"
#include "models/denoiser.h"

namespace fdbench {

/// diffusers' name of the classes, [B] of whole numbers: 0 ... num_embeds_ada_norm - 1, and
/// num_embeds_ada_norm for no class (the null class of guidance).
inline constexpr const char* kClassLabels = "class_labels";

/// Blocks of the encoder where the paper's split of DiT-XL/2 (18 of 28) is kept: 1 to `num_layers`.
std::int64_t usual_split(std::int64_t num_layers);

/// Builds the transformer from a diffusers config.json and its weights (taken strictly,
/// `weights.finish()` included): a chain of pos_embed, the blocks and the head, which works on
/// square latents, as diffusers does. split: blocks that belong to the encoder (with pos_embed), by
/// default `usual_split`. place, unread, errors: as make_unet_2d_condition.
std::unique_ptr<Denoiser> make_dit(const nlohmann::json& config, Weights& weights,
                                   std::unique_ptr<Weights> unread,
                                   const std::filesystem::path& place,
                                   std::optional<std::int64_t> split = {});

}  // namespace fdbench
