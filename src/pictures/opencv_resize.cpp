#include "pictures/opencv_resize.h"

#include <opencv2/imgproc.hpp>

#include "pictures/opencv_view.h"

namespace fdbench {

at::Tensor opencv_resize(const at::Tensor& picture, std::int64_t height, std::int64_t width,
                         OpencvFilter filter) {
  use_one_thread();
  const at::Tensor pixels = picture.contiguous();
  at::Tensor result = at::empty({height, width, pixels.size(2)}, at::kByte);
  cv::Mat target = opencv_view(result);
  cv::resize(opencv_view(pixels), target, target.size(), 0, 0,
             filter == OpencvFilter::kArea ? cv::INTER_AREA : cv::INTER_LANCZOS4);
  return result;
}

}  // namespace fdbench
