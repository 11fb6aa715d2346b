#include "pictures/resize.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.h"

namespace fdbench {
namespace {

/// Pillow's, of its fixed-point weights.
constexpr int kPrecisionBits = 32 - 8 - 2;
constexpr double kPi = 3.14159265358979323846;
/// Pillow's coefficient a.
constexpr double kCubic = -0.5;

double sinc(double x) { return x == 0 ? 1 : std::sin(kPi * x) / (kPi * x); }

double weight_at(Filter filter, double x) {
  const double far = std::abs(x);
  switch (filter) {
    case Filter::kBilinear:
      return std::max(0.0, 1 - far);
    case Filter::kBicubic:
      if (far < 1) return ((kCubic + 2) * far - (kCubic + 3)) * far * far + 1;
      return far < 2 ? (((far - 5) * far + 8) * far - 4) * kCubic : 0;
    default:
      return far < 3 ? sinc(x) * sinc(x / 3) : 0;
  }
}

double support_of(Filter filter) {
  return filter == Filter::kBilinear ? 1 : filter == Filter::kBicubic ? 2 : 3;
}

/// What one output pixel takes: weights of the input pixels from `first` on.
struct Taps {
  std::int64_t first = 0;
  std::vector<double> weights;
};

std::vector<Taps> taps_of(std::int64_t in, std::int64_t out, Filter filter) {
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const double wide = std::max(scale, 1.0), support = support_of(filter) * wide;
  std::vector<Taps> taps;
  for (std::int64_t i = 0; i < out; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    Taps tap;
    tap.first = std::max<std::int64_t>(0, static_cast<std::int64_t>(centre - support + 0.5));
    const std::int64_t end = std::min(in, static_cast<std::int64_t>(centre + support + 0.5));
    double sum = 0;
    for (std::int64_t j = tap.first; j < end; ++j) {
      const double x = (static_cast<double>(j) - centre + 0.5) * (1 / wide);
      tap.weights.push_back(weight_at(filter, x));
      sum += tap.weights.back();
    }
    for (double& weight : tap.weights) weight *= sum == 0 ? 1 : 1 / sum;
    taps.push_back(std::move(tap));
  }
  return taps;
}

/// A row of weights in fixed point, rounded away from 0 at the half.
std::vector<int> fixed(const std::vector<double>& weights) {
  std::vector<int> result;
  for (const double weight : weights) {
    result.push_back(static_cast<int>(weight * (1 << kPrecisionBits) + (weight < 0 ? -0.5 : 0.5)));
  }
  return result;
}

void apply(const std::uint8_t* in, std::uint8_t* out, const Taps& tap, std::int64_t stride) {
  const std::vector<int> weights = fixed(tap.weights);
  for (std::int64_t i = 0; i < stride; ++i) {
    int sum = 1 << (kPrecisionBits - 1);
    for (std::size_t k = 0; k < weights.size(); ++k) {
      sum += in[(tap.first + static_cast<std::int64_t>(k)) * stride + i] * weights[k];
    }
    out[i] = static_cast<std::uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255));
  }
}

void apply(const float* in, float* out, const Taps& tap, std::int64_t stride) {
  for (std::int64_t i = 0; i < stride; ++i) {
    double sum = 0;
    for (std::size_t k = 0; k < tap.weights.size(); ++k) {
      sum += in[(tap.first + static_cast<std::int64_t>(k)) * stride + i] * tap.weights[k];
    }
    out[i] = static_cast<float>(sum);
  }
}

/// Along the middle axis of [outer, n, stride].
template <typename T>
at::Tensor along(const at::Tensor& values, std::int64_t to, Filter filter) {
  const std::int64_t outer = values.size(0), from = values.size(1), stride = values.size(2);
  if (from == to) return values;
  at::Tensor result = at::empty({outer, to, stride}, values.options());
  const std::vector<Taps> taps = taps_of(from, to, filter);
  for (std::int64_t i = 0; i < outer; ++i) {
    const T* in = values.const_data_ptr<T>() + i * from * stride;
    T* out = result.mutable_data_ptr<T>() + i * to * stride;
    for (std::int64_t j = 0; j < to; ++j) apply(in, out + j * stride, taps[j], stride);
  }
  return result;
}

template <typename T>
at::Tensor resized(const at::Tensor& picture, std::int64_t height, std::int64_t width,
                   Filter filter) {
  if (picture.dim() != 3 || picture.numel() == 0 || height < 1 || width < 1) {
    throw usage_error("a picture to resize must be [height, width, channels] with pixels");
  }
  const std::int64_t h = picture.size(0), channels = picture.size(2);
  const at::Tensor rows = along<T>(picture.contiguous(), width, filter);
  return along<T>(rows.view({1, h, width * channels}), height, filter)
      .view({height, width, channels});
}

}  // namespace

Filter parse_filter(const std::string& name) {
  if (name == "bilinear") return Filter::kBilinear;
  if (name == "bicubic") return Filter::kBicubic;
  if (name == "lanczos") return Filter::kLanczos;
  throw usage_error("filter '" + name + "' is not known" +
                    advice(name, {"bilinear", "bicubic", "lanczos"}));
}

at::Tensor resize(const at::Tensor& picture, std::int64_t height, std::int64_t width,
                  Filter filter) {
  return resized<std::uint8_t>(picture.to(at::kByte), height, width, filter);
}

at::Tensor resize_float(const at::Tensor& picture, std::int64_t height, std::int64_t width,
                        Filter filter) {
  return resized<float>(picture.to(at::kFloat), height, width, filter);
}

}  // namespace fdbench
