#include "folders/pipeline_class.h"

#include <algorithm>
#include <array>
#include <utility>

namespace fdbench {
namespace {

constexpr std::array kTextToPicture = {"StableDiffusionPipeline", "StableDiffusionXLPipeline",
                                       "LatentConsistencyModelPipeline"};

constexpr const char* kTransformer = "its denoiser is a transformer, no UNet";
constexpr const char* kCascade = "its networks are no Stable Diffusion UNet";
constexpr const char* kInpainting = "it fills in a part of a picture (inpainting)";
constexpr const char* kControl = "it is steered by a control picture beside the text";
constexpr const char* kEditing = "it changes a given picture";
constexpr const char* kFrames = "it draws films";
constexpr const char* kSound = "it makes sound";
constexpr const char* kNoText = "it draws without a text";
constexpr const char* kEncoder = "its text encoder is not CLIP's";
constexpr const char* kGuided = "it guides the network in a way of its own";

/// A part of a class name and what such classes are; the first that fits counts. Only classes whose
/// folder has a unet/ need an entry: others are told by what stands in its place.
constexpr std::array<std::pair<const char*, const char*>, 45> kOthers = {{
    {"StableCascade", kCascade},
    {"Wuerstchen", kCascade},
    {"Kandinsky", kCascade},
    {"UnCLIP", kCascade},
    {"IFPipeline", kCascade},
    {"IFImg2Img", kCascade},
    {"IFInpainting", kCascade},
    {"IFSuperResolution", kCascade},
    {"ShapE", kCascade},
    {"VersatileDiffusion", kCascade},
    {"UniDiffuser", kTransformer},
    {"Inpaint", kInpainting},
    {"ControlNet", kControl},
    {"Adapter", kControl},
    {"GLIGEN", kControl},
    {"Upscale", kEditing},
    {"SuperResolution", kEditing},
    {"Pix2Pix", kEditing},
    {"Depth2Img", kEditing},
    {"ImageVariation", kEditing},
    {"DiffEdit", kEditing},
    {"CycleDiffusion", kEditing},
    {"LEdits", kEditing},
    {"PaintByExample", kEditing},
    {"BlipDiffusion", kEditing},
    {"Marigold", "it measures a given picture"},
    {"AnimateDiff", kFrames},
    {"Video", kFrames},
    {"I2VGen", kFrames},
    {"PIA", kFrames},
    {"Audio", kSound},
    {"MusicLDM", kSound},
    {"DanceDiffusion", kSound},
    {"Spectrogram", kSound},
    {"AltDiffusion", kEncoder},
    {"Kolors", kEncoder},
    {"LDMTextToImage", kEncoder},
    {"LDM3D", "it draws depth beside the colours"},
    {"PAG", kGuided},
    {"SAG", kGuided},
    {"Panorama", kGuided},
    {"AttendAndExcite", kGuided},
    {"Safe", kGuided},
    {"Semantic", kGuided},
    {"Onnx", "it runs ONNX files"},
}};

/// Classes that call a network of pixels or latents without any condition.
constexpr std::array kUnconditional = {"DDPMPipeline",
                                       "DDIMPipeline",
                                       "PNDMPipeline",
                                       "LDMPipeline",
                                       "KarrasVePipeline",
                                       "ScoreSdeVePipeline",
                                       "ConsistencyModelPipeline",
                                       "RePaintPipeline"};

template <typename List>
bool holds(const List& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

std::string pipeline_class(const nlohmann::json& model_index) {
  if (!model_index.is_object()) return "";
  const auto found = model_index.find("_class_name");
  if (found == model_index.end()) return "";
  if (found->is_string()) return found->get<std::string>();
  const bool is_custom = found->is_array() && found->size() == 2 && found->back().is_string();
  return is_custom ? found->back().get<std::string>() : "";
}

std::string other_purpose(const std::string& class_name) {
  if (draws_from_text(class_name)) return "";
  if (holds(kUnconditional, class_name)) return kNoText;
  for (const auto& [part, purpose] : kOthers) {
    if (class_name.find(part) != std::string::npos) return purpose;
  }
  return "";
}

bool draws_from_text(const std::string& class_name) { return holds(kTextToPicture, class_name); }

}  // namespace fdbench
