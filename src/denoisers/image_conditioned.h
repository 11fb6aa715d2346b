// A denoiser that is shown a picture beside its sample: what super-resolution stages of cascades
// and latent upscalers are.
#pragma once

#include <cstdint>
#include <memory>

#include "models/denoiser.h"

namespace fdbench {

/// diffusers' name of the picture that a stage is shown, [B, C, h, w] of the sample's height and
/// width.
inline constexpr const char* kImage = "image";

/// `denoiser`, whose last `image_channels` input channels are those of the conditioning `image`
/// (joined to the sample along the channels, as diffusers' IFSuperResolutionPipeline and
/// StableDiffusionUpscalePipeline do). Throws a usage error where nothing would be left for the
/// sample. Its calls throw a usage error where the picture is missing or has another shape.
std::unique_ptr<Denoiser> with_image(std::unique_ptr<Denoiser> denoiser,
                                     std::int64_t image_channels);

}  // namespace fdbench
