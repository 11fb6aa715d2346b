#include "pictures/canny.h"

#include <cmath>
#include <opencv2/imgproc.hpp>
#include <string>

#include "core/error.h"
#include "core/number_text.h"
#include "pictures/opencv_view.h"

namespace fdbench {

void check_canny(const CannyOptions& options) {
  const auto bad = [](double threshold) { return !std::isfinite(threshold) || threshold < 0; };
  if (bad(options.low) || bad(options.high)) {
    throw usage_error("Canny's thresholds must be numbers of 0 or more");
  }
  if (options.low > options.high) {
    throw usage_error("Canny's low threshold, " + number_text(options.low) +
                      ", must not be above the high one, " + number_text(options.high));
  }
  if (options.aperture != 3 && options.aperture != 5 && options.aperture != 7) {
    throw usage_error("Canny's aperture must be 3, 5 or 7, not " +
                      std::to_string(options.aperture));
  }
}

at::Tensor canny(const at::Tensor& picture, const CannyOptions& options) {
  check_canny(options);
  use_one_thread();
  const at::Tensor pixels = picture.contiguous();
  at::Tensor edges = at::empty({pixels.size(0), pixels.size(1)}, at::kByte);
  cv::Mat result = opencv_view(edges);
  cv::Canny(opencv_view(pixels), result, options.low, options.high, options.aperture,
            options.l2_gradient);
  return edges;
}

}  // namespace fdbench
