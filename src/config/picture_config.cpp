#include "config/picture_config.h"

#include "config/traced_config.h"

namespace fdbench {
namespace {

constexpr std::int64_t kMany = 1'000'000;

std::span<const ConfigKey<PredictedSettings>> predicted_rows() {
  static const std::vector<ConfigKey<PredictedSettings>> rows = {
      steps_key<PredictedSettings>(),
      pictures_key<PredictedSettings>("the first ones of each run are drawn")};
  return rows;
}

std::span<const ConfigKey<PictureSettings>> rows() {
  static const std::vector<ConfigKey<PictureSettings>> rows = {
      {{"chunk", "whole number, at least 1", std::to_string(PictureSettings().chunk),
        "pictures of a work unit"},
       [](const ConfigValue& value, PictureSettings& pictures) {
         pictures.chunk = static_cast<int>(value.integer(1, kMany));
       }},
      {{"batch", "whole number, at least 1", std::to_string(PictureSettings().batch),
        "pictures denoised together"},
       [](const ConfigValue& value, PictureSettings& pictures) {
         pictures.batch = static_cast<int>(value.integer(1, kMany));
       }},
      {{"keep", "whole number, or all", "all", "decoded pictures of each run in the result file"},
       [](const ConfigValue& value, PictureSettings& pictures) {
         const bool all = value.is_scalar() && value.text() == "all";
         pictures.keep = all ? -1 : static_cast<int>(value.integer(0, kMany));
       }},
      {{"predicted", "true, false, or map {steps, pictures}", "false",
        "pictures along the steps: what the sampler takes the clean picture for (figure 7)"},
       [](const ConfigValue& value, PictureSettings& pictures) {
         pictures.predicted = read_traced(value, predicted_rows());
       }},
  };
  return rows;
}

}  // namespace

std::vector<KeyInfo> picture_keys() {
  std::vector<KeyInfo> infos = infos_of(rows());
  add_nested(infos, "predicted", infos_of(predicted_rows()));
  return infos;
}

PictureSettings read_pictures(const ConfigValue& value) {
  PictureSettings pictures;
  ConfigMap map(value);
  read_keys(map, rows(), pictures);
  map.finish();
  return pictures;
}

}  // namespace fdbench
