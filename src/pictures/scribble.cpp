#include "pictures/scribble.h"

#include <array>
#include <opencv2/imgproc.hpp>

#include "pictures/opencv_view.h"

namespace fdbench {
namespace {

/// [pixels], of both blurs.
constexpr double kSigma = 3;
/// Of 255.
constexpr int kLeastEdge = 127, kLeastStroke = 4;
/// Lines of three pixels, as kernels of 3x3.
using Line = std::array<std::uint8_t, 9>;
constexpr std::array<Line, 4> kLines = {
    Line{0, 0, 0, 1, 1, 1, 0, 0, 0}, Line{0, 1, 0, 0, 1, 0, 0, 1, 0},
    Line{1, 0, 0, 0, 1, 0, 0, 0, 1}, Line{0, 0, 1, 0, 1, 0, 1, 0, 0}};

/// Of the values of `smooth`, those that are the most along one of the lines; 0 elsewhere.
cv::Mat ridges(const cv::Mat& smooth) {
  cv::Mat result = cv::Mat::zeros(smooth.size(), smooth.type());
  for (Line line : kLines) {
    cv::Mat most;
    cv::dilate(smooth, most, cv::Mat(3, 3, CV_8U, line.data()));
    smooth.copyTo(result, most == smooth);
  }
  return result;
}

}  // namespace

at::Tensor merged_edge_map(const std::vector<at::Tensor>& maps, std::int64_t height,
                           std::int64_t width) {
  use_one_thread();
  at::Tensor sum;
  for (const at::Tensor& map : maps) {
    at::Tensor whole = at::empty({height, width}, at::kFloat);
    cv::Mat target = opencv_view(whole);
    cv::resize(opencv_view(map), target, target.size(), 0, 0, cv::INTER_LINEAR);
    // One after the other as NumPy adds few values, in float32.
    sum = sum.defined() ? sum + whole : whole;
  }
  const at::Tensor mean = (sum / static_cast<double>(maps.size())).to(at::kDouble);
  return (mean.sigmoid() * 255).to(at::kByte);
}

at::Tensor fake_scribble(const at::Tensor& edges) {
  use_one_thread();
  const at::Tensor pixels = edges.contiguous();
  cv::Mat smooth;
  opencv_view(pixels).convertTo(smooth, CV_32F);
  cv::GaussianBlur(smooth, smooth, {0, 0}, kSigma);
  const cv::Mat thin = ridges(smooth) > kLeastEdge;
  at::Tensor strokes = at::empty(pixels.sizes(), at::kByte);
  cv::Mat result = opencv_view(strokes);
  cv::GaussianBlur(thin, result, {0, 0}, kSigma);
  return strokes.gt(kLeastStroke).to(at::kByte) * 255;
}

}  // namespace fdbench
