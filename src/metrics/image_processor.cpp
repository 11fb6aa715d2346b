#include "metrics/image_processor.h"

#include <algorithm>
#include <string>

#include "core/error.h"
#include "io/json_file.h"

namespace fdbench {
namespace {

using nlohmann::json;

/// Pillow's numbers
constexpr int kLanczos = 1, kBilinear = 2, kBicubic = 3;
constexpr double kScale = 1.0 / 255;
/// CLIP's
const std::vector<double> kMean = {0.48145466, 0.4578275, 0.40821073};
const std::vector<double> kStd = {0.26862954, 0.26130258, 0.27577711};
/// [pixels]
constexpr std::int64_t kLargest = 1 << 14;

/// Asks for values with checks; faults name file and key.
class ProcessorReader {
 public:
  ProcessorReader(const std::filesystem::path& path)
      : place_{path.string()}, config_(read_json(path)) {
    if (!config_.is_object()) throw usage_error(place_, "is no JSON object");
  }

  [[noreturn]] void fail(const std::string& key, const std::string& wanted) const {
    throw usage_error(place_, "'" + key + "': must be " + wanted);
  }

  bool truth(const char* key, bool fallback) const {
    const json value = config_.value(key, json());
    if (value.is_null()) return fallback;
    if (!value.is_boolean()) fail(key, "true or false");
    return value.get<bool>();
  }

  double number(const char* key, double fallback) const {
    const json value = config_.value(key, json());
    if (value.is_null()) return fallback;
    if (!value.is_number()) fail(key, "a number");
    return value.get<double>();
  }

  at::Tensor colours(const char* key, const std::vector<double>& fallback) const {
    const json value = config_.value(key, json(fallback));
    const bool fits =
        value.is_array() && value.size() == 3 &&
        std::all_of(value.begin(), value.end(), [](const json& one) { return one.is_number(); });
    if (!fits) fail(key, "three numbers");
    return at::tensor(value.get<std::vector<double>>(), at::kDouble).to(at::kFloat).view({3, 1, 1});
  }

  /// "size" and "crop_size" are one number or an object.
  json size(const char* key, const json& fallback) const { return config_.value(key, fallback); }

  std::int64_t side(const char* key, const json& value) const {
    if (!value.is_number_integer() || value.get<std::int64_t>() < 1 ||
        value.get<std::int64_t>() > kLargest) {
      fail(key, "whole numbers of pixels");
    }
    return value.get<std::int64_t>();
  }

 private:
  Place place_;
  json config_;
};

}  // namespace

ImageProcessor::ImageProcessor(const std::filesystem::path& config) {
  const ProcessorReader reader(config);
  if (reader.truth("do_resize", true)) {
    const json size = reader.size("size", {{"shortest_edge", 224}});
    if (size.is_number()) {
      shortest_edge_ = reader.side("size", size);
    } else if (size.is_object() && size.contains("shortest_edge")) {
      shortest_edge_ = reader.side("size", size["shortest_edge"]);
    } else if (size.is_object() && size.contains("height") && size.contains("width")) {
      height_ = reader.side("size", size["height"]);
      width_ = reader.side("size", size["width"]);
    } else {
      reader.fail("size", "a number, {shortest_edge} or {height, width}");
    }
    const int resample = static_cast<int>(reader.number("resample", kBicubic));
    if (resample < kLanczos || resample > kBicubic) {
      reader.fail("resample", "1 (lanczos), 2 (bilinear) or 3 (bicubic)");
    }
    filter_ = resample == kLanczos    ? Filter::kLanczos
              : resample == kBilinear ? Filter::kBilinear
                                      : Filter::kBicubic;
  }
  if (reader.truth("do_center_crop", true)) {
    const json size = reader.size("crop_size", 224);
    const bool is_pair = size.is_object() && size.contains("height") && size.contains("width");
    crop_height_ = reader.side("crop_size", is_pair ? size["height"] : size);
    crop_width_ = reader.side("crop_size", is_pair ? size["width"] : size);
  }
  if (reader.truth("do_rescale", true)) scale_ = reader.number("rescale_factor", kScale);
  if (!reader.truth("do_normalize", true)) return;
  mean_ = reader.colours("image_mean", kMean);
  std_ = reader.colours("image_std", kStd);
}

at::Tensor ImageProcessor::resized(const at::Tensor& picture) const {
  if (!shortest_edge_ && height_ == 0) return picture;
  std::int64_t height = height_, width = width_;
  if (shortest_edge_) {
    const std::int64_t h = picture.size(0), w = picture.size(1), edge = *shortest_edge_;
    // The longer side is rounded down.
    height = h <= w ? edge : edge * h / w;
    width = h <= w ? edge * w / h : edge;
  }
  return resize(picture, height, width, filter_);
}

at::Tensor ImageProcessor::cropped(const at::Tensor& picture) const {
  if (crop_height_ == 0) return picture;
  const std::int64_t h = picture.size(0), w = picture.size(1);
  if (h < crop_height_ || w < crop_width_) {
    throw usage_error("a picture of " + std::to_string(h) + "x" + std::to_string(w) +
                      " pixels is smaller than what the image processor cuts out, " +
                      std::to_string(crop_height_) + "x" + std::to_string(crop_width_));
  }
  return picture.narrow(0, (h - crop_height_) / 2, crop_height_)
      .narrow(1, (w - crop_width_) / 2, crop_width_);
}

at::Tensor ImageProcessor::operator()(const at::Tensor& picture) const {
  const at::Tensor cut = cropped(resized(picture)).permute({2, 0, 1});
  // In float64 as NumPy does it, then rounded once.
  at::Tensor values = cut.to(at::kDouble).mul(scale_).to(at::kFloat);
  if (mean_.defined()) values = (values - mean_) / std_;
  return values.contiguous();
}

}  // namespace fdbench
