#include "metrics/scene_reader.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>
#include <tuple>

#include "core/error.h"
#include "io/file_mapping.h"
#include "io/json_file.h"
#include "io/npz.h"

namespace fdbench {
namespace {

/// A row is one word of bits.
constexpr int kSide = SceneReader::kSide;
constexpr int kPixels = kSide * kSide;
constexpr const char *kNames = "scene_reader.json", *kMasks = "scene_reader.npz";

/// As numpy.median: the mean of both middle values of an even number.
double median_of(std::vector<double> values) {
  const std::size_t middle = values.size() / 2;
  std::nth_element(values.begin(), values.begin() + middle, values.end());
  const double upper = values[middle];
  if (values.size() % 2 == 1) return upper;
  return (upper + *std::max_element(values.begin(), values.begin() + middle)) / 2;
}

/// Centre (x, y) of the bounding box of the set bits.
std::pair<double, double> box_centre(const std::vector<std::uint64_t>& rows) {
  std::uint64_t columns = 0;
  int top = kSide, bottom = -1;
  for (int y = 0; y < kSide; ++y) {
    columns |= rows[y];
    if (rows[y] == 0) continue;
    top = std::min(top, y);
    bottom = y;
  }
  const int left = std::countr_zero(columns), right = kSide - 1 - std::countl_zero(columns);
  return {(left + right + 1) / 2.0, (top + bottom + 1) / 2.0};
}

double distance(double x, double y, double to_x, double to_y) {
  return std::hypot(x - to_x, y - to_y);
}

/// One picture against one scene.
struct Canvas {
  /// [64, 64, 3].
  const std::uint8_t* rgb;

  double channel(int pixel, int c) const { return rgb[3 * pixel + c]; }
  static double x(int pixel) { return pixel % kSide + 0.5; }
  static double y(int pixel) {
    const std::int64_t row = pixel / kSide;
    return row + 0.5;
  }

  /// Median of each channel over the chosen pixels.
  std::vector<double> median(const std::vector<int>& pixels) const {
    std::vector<double> colour;
    for (int c = 0; c < 3; ++c) {
      std::vector<double> values;
      for (const int pixel : pixels) values.push_back(channel(pixel, c));
      colour.push_back(median_of(std::move(values)));
    }
    return colour;
  }
  double contrast(int pixel, const std::vector<double>& colour) const {
    double sum = 0;
    for (int c = 0; c < 3; ++c) {
      sum += (channel(pixel, c) - colour[c]) * (channel(pixel, c) - colour[c]);
    }
    return std::sqrt(sum);
  }
  /// Pixels that no expected object is near.
  std::vector<int> free_pixels(const ExpectedScene& scene, double clearance) const {
    std::vector<int> pixels;
    for (int pixel = 0; pixel < kPixels; ++pixel) {
      const bool free = std::all_of(scene.objects.begin(), scene.objects.end(), [&](const auto& o) {
        return distance(x(pixel), y(pixel), o.x, o.y) > clearance;
      });
      if (free) pixels.push_back(pixel);
    }
    return pixels;
  }
  /// The object whose edge is nearest to a pixel.
  static std::size_t owner(int pixel, const ExpectedScene& scene) {
    std::size_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < scene.objects.size(); ++i) {
      const auto& o = scene.objects[i];
      const double gap = distance(x(pixel), y(pixel), o.x, o.y) - o.radius;
      if (gap >= least) continue;
      least = gap;
      best = i;
    }
    return best;
  }
};

}  // namespace

ExpectedScene expected_scene(const nlohmann::json& scene) {
  try {
    ExpectedScene expected;
    expected.background = scene.at("background").get<std::string>();
    for (const nlohmann::json& object : scene.at("objects")) {
      expected.objects.push_back({.size = object.at("size"),
                                  .colour = object.at("colour"),
                                  .shape = object.at("shape"),
                                  .x = object.at("centre").at(0),
                                  .y = object.at("centre").at(1),
                                  .radius = object.at("radius")});
    }
    if (!expected.objects.empty()) return expected;
  } catch (const nlohmann::json::exception&) {
    // said below, in the words of the file
  }
  throw usage_error(
      "a 'scene' wants 'background' and 'objects' with size, colour, shape, centre [x, y] and "
      "radius, as in configs/prompts/quick.json");
}

SceneReader::SceneReader(const std::filesystem::path& folder) {
  const std::filesystem::path names = folder / kNames, masks = folder / kMasks;
  const nlohmann::json json = read_json(names);
  const NamedArrays arrays = load_npz(masks);
  try {
    const auto palette = [&](const char* key) {
      Palette colours;
      for (const auto& [name, rgb] : json.at(key).items()) colours.emplace_back(name, rgb);
      return colours;
    };
    colours_ = palette("colours");
    backgrounds_ = palette("backgrounds");
    least_contrast_ = json.at("least_contrast");
    least_area_ = json.at("least_area");
    least_overlap_ = json.at("least_overlap");
    farthest_ = json.at("farthest");
    clearance_ = json.at("clearance");
    const at::Tensor pixels = arrays.at("templates").to(at::kByte).contiguous();
    const auto count = static_cast<std::int64_t>(json.at("templates").size());
    if (pixels.sizes() != at::IntArrayRef({count, kSide, kSide})) {
      throw usage_error({masks.string()}, "'templates' must be [" + std::to_string(count) +
                                              ", 64, 64], as scene_reader.json has it");
    }
    const std::uint8_t* next = pixels.const_data_ptr<std::uint8_t>();
    for (const nlohmann::json& named : json.at("templates")) {
      Template shape{named.at("shape"), named.at("size"), Bits(kSide, 0)};
      for (int y = 0; y < kSide; ++y) {
        for (int x = 0; x < kSide; ++x) shape.rows[y] |= std::uint64_t{*next++ != 0} << x;
      }
      std::tie(shape.x, shape.y) = box_centre(shape.rows);
      templates_.push_back(std::move(shape));
    }
  } catch (const nlohmann::json::exception& fault) {
    throw usage_error({names.string()}, std::string("is not a scene reader: ") + fault.what());
  } catch (const std::out_of_range&) {
    throw usage_error({masks.string()}, "has no array 'templates'");
  }
}

std::string scene_reader_hash(const std::filesystem::path& folder) {
  return hash_of_files({folder / kNames, folder / kMasks});
}

SceneReader::Match SceneReader::best_match(const Bits& cover, double x, double y) const {
  Match best;
  for (const Template& shape : templates_) {
    const auto shifts = [](double by) {
      return std::set<int>{static_cast<int>(std::floor(by)), static_cast<int>(std::ceil(by))};
    };
    for (const int dx : shifts(x - shape.x)) {
      for (const int dy : shifts(y - shape.y)) {
        int both = 0, either = 0;
        for (int row = 0; row < kSide; ++row) {
          const std::uint64_t moved = std::rotl(shape.rows[(row - dy + kSide) % kSide], dx);
          both += std::popcount(moved & cover[row]);
          either += std::popcount(moved | cover[row]);
        }
        const double overlap = static_cast<double>(both) / either;
        if (std::tie(overlap, shape.shape, shape.size) >
            std::tie(best.overlap, best.shape, best.size)) {
          best = {overlap, shape.shape, shape.size};
        }
      }
    }
  }
  return best;
}

std::string SceneReader::nearest(const std::vector<double>& colour, const Palette& palette) {
  const auto far = [&](const auto& entry) {
    double sum = 0;
    for (int c = 0; c < 3; ++c) sum += std::pow(colour[c] - entry.second.at(c), 2);
    return sum;
  };
  return std::min_element(palette.begin(), palette.end(),
                          [&](const auto& a, const auto& b) { return far(a) < far(b); })
      ->first;
}

SceneVerdict SceneReader::judge(const at::Tensor& picture, const ExpectedScene& scene) const {
  if (picture.sizes() != at::IntArrayRef({kSide, kSide, 3}) || picture.scalar_type() != at::kByte) {
    throw usage_error("the scene reader knows pictures of 64x64 pixels; this one is " +
                      c10::str(picture.sizes()));
  }
  const at::Tensor pixels = picture.contiguous();
  const Canvas canvas{pixels.const_data_ptr<std::uint8_t>()};
  const std::vector<int> free = canvas.free_pixels(scene, clearance_);
  const std::vector<double> background =
      free.empty() ? std::vector<double>(3, 0) : canvas.median(free);
  std::vector<std::vector<double>> contrasts(scene.objects.size(),
                                             std::vector<double>(kPixels, 0.0));
  for (int pixel = 0; pixel < kPixels; ++pixel) {
    contrasts[Canvas::owner(pixel, scene)][pixel] = canvas.contrast(pixel, background);
  }
  SceneVerdict verdict;
  verdict.background = nearest(background, backgrounds_) == scene.background;
  for (std::size_t i = 0; i < scene.objects.size(); ++i) {
    const ExpectedScene::Object& object = scene.objects[i];
    const std::vector<double>& mine = contrasts[i];
    ++verdict.objects;
    std::vector<double> sorted = mine;
    std::sort(sorted.begin(), sorted.end());
    const double limit = std::max(least_contrast_, 0.5 * sorted[kPixels - least_area_]);
    Bits cover(kSide, 0);
    std::vector<double> covered;
    for (int pixel = 0; pixel < kPixels; ++pixel) {
      if (mine[pixel] <= limit) continue;
      cover[pixel / kSide] |= std::uint64_t{1} << (pixel % kSide);
      covered.push_back(mine[pixel]);
    }
    if (static_cast<std::int64_t>(covered.size()) < least_area_) continue;
    const double middle = median_of(covered);
    std::vector<int> core;
    for (int pixel = 0; pixel < kPixels; ++pixel) {
      if (mine[pixel] >= middle) core.push_back(pixel);
    }
    const auto [x, y] = box_centre(cover);
    const Match match = best_match(cover, x, y);
    const bool found = match.overlap > 0;
    const bool colour = nearest(canvas.median(core), colours_) == object.colour;
    const bool shape = match.shape == object.shape && match.overlap >= least_overlap_;
    const bool size = match.size == object.size;
    const bool place = distance(x, y, object.x, object.y) <= farthest_;
    verdict.found += found;
    verdict.colour += colour;
    verdict.shape += shape;
    verdict.size += size;
    verdict.place += place;
    verdict.right += found && colour && shape && size && place;
  }
  return verdict;
}

}  // namespace fdbench
