// The denoiser of a model folder, by the class that its config names.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "denoisers/controlled_denoiser.h"
#include "folders/model_folder.h"
#include "models/denoiser.h"

namespace fdbench {

/// When weights are read. kAtFirstUse: a denoiser's layer by layer as they first run, a VAE's with
/// the first picture; names and shapes are checked at once all the same. Times of first steps then
/// hold the reading, so what measures reads everything before.
enum class Reading { kAtOnce, kAtFirstUse };

/// Puts something around a denoiser: what looks on, or a fault that a test wants to be found.
using DenoiserChange = std::function<std::unique_ptr<Denoiser>(std::unique_ptr<Denoiser>)>;

/// Parts of a folder that a denoiser may be.
inline constexpr const char* kUNetPart = "unet";
inline constexpr const char* kTransformerPart = "transformer";

/// The part of a folder that is its denoiser: its UNet, or its transformer where that is a
/// DiTTransformer2DModel and there is no UNet. Throws a usage error that says what the folder is
/// where it has neither.
std::string denoiser_part(const ModelFolder& folder);

/// Throws a usage error for a class that is not supported, an option of the config that is not, and
/// weights that are missing or too many.
std::unique_ptr<Denoiser> load_denoiser(const ModelFolder& folder, at::ScalarType dtype,
                                        at::Device device, Reading reading = Reading::kAtOnce);

/// A control network of a folder of its own (config.json of a ControlNetModel), or of the part
/// controlnet/ of a pipeline's. Errors as load_denoiser.
ControlNet load_controlnet(const ModelFolder& folder, at::ScalarType dtype, at::Device device,
                           Reading reading = Reading::kAtOnce);

/// The denoiser on the device that stores nothing: enough for plans and costs.
std::unique_ptr<Denoiser> load_outline(const ModelFolder& folder);

}  // namespace fdbench
