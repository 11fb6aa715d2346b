// Control networks of a model and the pictures that they are shown.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <memory>
#include <vector>

#include "denoisers/controlled_denoiser.h"
#include "folders/architectures.h"
#include "folders/model_folder.h"
#include "tasks/control_preprocessors.h"

namespace fdbench {

/// [pixels]; 0: the model's own.
struct PictureSize {
  std::int64_t height = 0, width = 0;
};

/// A control network as the user names it, under the names of diffusers'
/// StableDiffusionControlNetPipeline.
struct ControlSource {
  /// A folder of its own (config.json of a ControlNetModel), or one with controlnet/.
  ModelSource model;
  double controlnet_conditioning_scale = 1;
  double control_guidance_start = 0, control_guidance_end = 1;
  bool guess_mode = false;
  /// Of its picture.
  ControlPreprocessing preprocessing = {};
};

/// Throws a usage error for a folder that holds no control network.
ModelFolder open_controlnet(const ControlSource& source);

/// With guess_mode where the first network's config has `global_pool_conditions`, as in diffusers'
/// pipelines. Throws a usage error for a folder that holds no control network.
std::vector<ControlSource> resolved_controls(std::vector<ControlSource> sources);

/// The denoiser with the networks beside it; itself where there are none. outline: of their layers
/// and costs alone. Throws usage errors for folders that hold no control network, and for one of
/// another base model.
std::unique_ptr<Denoiser> with_controls(std::unique_ptr<Denoiser> unet,
                                        const std::vector<ControlSource>& sources, bool outline);

/// [1, 3, h, w] float32, 0 to 1. Throws a usage error for a picture that is transparent somewhere,
/// and for one of another size where it is no preprocessing that brings it to size; what
/// control_map throws.
at::Tensor load_control_picture(const std::filesystem::path& path, PictureSize size,
                                const ControlPreprocessing& preprocessing = {});

/// Adds what control networks read to the conditioning of a batch of n pictures. pictures: of each
/// network, [1 or n, 3, h, w]. unconditional: the half that guidance points away from, in which
/// networks with guess mode do not count.
void add_controls(Conditioning& conditioning, const std::vector<ControlSource>& sources,
                  const std::vector<at::Tensor>& pictures, std::int64_t n, bool unconditional);

}  // namespace fdbench
