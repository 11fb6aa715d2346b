// Reads a drawn scene off a picture: are the objects there, in the right colour, shape, size and
// place?
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace fdbench {

/// What a picture should show. Positions and radii in pixels, origin at the top left.
struct ExpectedScene {
  struct Object {
    std::string size, colour, shape;
    double x = 0, y = 0, radius = 0;
  };
  std::string background;
  std::vector<Object> objects;
};

/// From the `scene` of a prompt in configs/prompts/. Throws a usage error for another form.
ExpectedScene expected_scene(const nlohmann::json& scene);

/// Counts over the expected objects of one picture.
struct SceneVerdict {
  std::int64_t objects = 0, found = 0, colour = 0, shape = 0, size = 0, place = 0;
  /// Objects of which all of these are right.
  std::int64_t right = 0;
  bool background = false;

  bool whole() const { return background && right == objects; }
};

/// Knows where each object should be and how large, and nothing else of the prompt. Foreground is
/// what differs from the background colour; each foreground pixel belongs to the nearest expected
/// object; shape and size are those of the template that overlaps best. The same rules as
/// experiments/mini/reader.py.
class SceneReader {
 public:
  /// folder: with scene_reader.json (names, colours, limits) and scene_reader.npz (templates).
  explicit SceneReader(const std::filesystem::path& folder);

  /// Of the pictures that it can read [pixels].
  static constexpr std::int64_t kSide = 64;

  /// picture: [64, 64, 3] uint8. Throws a usage error for another size.
  SceneVerdict judge(const at::Tensor& picture, const ExpectedScene& scene) const;

 private:
  /// A row of 64 pixels each.
  using Bits = std::vector<std::uint64_t>;
  struct Template {
    std::string shape, size;
    Bits rows;
    /// Centre of the bounding box.
    double x = 0, y = 0;
  };
  struct Match {
    /// Intersection over union.
    double overlap = 0;
    std::string shape, size;
  };
  using Palette = std::vector<std::pair<std::string, std::vector<double>>>;

  Match best_match(const Bits& cover, double x, double y) const;
  static std::string nearest(const std::vector<double>& colour, const Palette& palette);

  std::vector<Template> templates_;
  Palette colours_, backgrounds_;
  double least_contrast_ = 0, least_overlap_ = 0, farthest_ = 0, clearance_ = 0;
  std::int64_t least_area_ = 0;
};

/// Hash of both files of a scene reader's folder. Throws a usage error where one is missing.
std::string scene_reader_hash(const std::filesystem::path& folder);

}  // namespace fdbench
