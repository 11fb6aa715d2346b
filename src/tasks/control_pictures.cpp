#include "tasks/control_pictures.h"

#include <utility>

#include "core/error.h"
#include "denoisers/load_denoiser.h"
#include "folders/model_folder.h"
#include "kernels/batch.h"
#include "pictures/picture_file.h"

namespace fdbench {

ModelFolder open_controlnet(const ControlSource& source) {
  const ModelSource& model = source.model;
  ModelFolder folder = model.architecture.empty()
                           ? ModelFolder(model.folder, model.variant)
                           : open_architecture(model.architecture, model.seed);
  folder.part_path("controlnet");
  return folder;
}

std::vector<ControlSource> resolved_controls(std::vector<ControlSource> sources) {
  if (sources.empty()) return sources;
  const ModelFolder first = open_controlnet(sources.front());
  const bool pools = first.config("controlnet").value("global_pool_conditions", false);
  for (ControlSource& source : sources) source.guess_mode = source.guess_mode || pools;
  return sources;
}

std::unique_ptr<Denoiser> with_controls(std::unique_ptr<Denoiser> unet,
                                        const std::vector<ControlSource>& sources, bool outline) {
  if (sources.empty()) return unet;
  std::vector<ControlNet> controls;
  for (const ControlSource& source : sources) {
    const ModelFolder folder = open_controlnet(source);
    const at::Device device = outline ? at::Device(at::kMeta) : unet->info().device;
    ControlNet control = load_controlnet(folder, unet->info().dtype, device);
    control.guess_mode = source.guess_mode;
    controls.push_back(std::move(control));
  }
  return with_control(std::move(unet), std::move(controls));
}

at::Tensor load_control_picture(const std::filesystem::path& path, PictureSize size,
                                const ControlPreprocessing& preprocessing) {
  const Place place{path.string()};
  const PixelSize own = picture_size(path), wanted{size.height, size.width};
  if (!preprocessing.wanted() && own != wanted) {
    throw usage_error(place, "is a control picture of " + std::to_string(own.width) + "x" +
                                 std::to_string(own.height) + " pixels for pictures of " +
                                 std::to_string(size.width) + "x" + std::to_string(size.height) +
                                 ": resize it first");
  }
  if (is_transparent(path)) {
    throw usage_error(place,
                      "is transparent somewhere, so it is not clear what a control network should "
                      "see: put it on a background first");
  }
  at::Tensor pixels = load_picture(path);
  if (preprocessing.wanted()) {
    try {
      pixels = sized_for_control(pixels, wanted, preprocessing.variant);
    } catch (const Error& error) {
      throw error.seen_from(place);
    }
    pixels = control_map(pixels, preprocessing).unsqueeze(2).expand({-1, -1, 3});
  }
  return pixels.permute({2, 0, 1}).unsqueeze(0).to(at::kFloat) / 255;
}

void add_controls(Conditioning& conditioning, const std::vector<ControlSource>& sources,
                  const std::vector<at::Tensor>& pictures, std::int64_t n, bool unconditional) {
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const bool counts = !(unconditional && sources[i].guess_mode);
    const double scale = counts ? sources[i].controlnet_conditioning_scale : 0;
    conditioning.set(control_picture_name(i), repeat_batch(pictures[i], n));
    conditioning.set(control_scale_name(i), at::full({n}, scale, at::kFloat));
  }
}

}  // namespace fdbench
