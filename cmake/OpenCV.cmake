# OpenCV's image processing as the imported target `OpenCV::imgproc`. Debian's libopencv-imgproc-dev brings neither a
# CMake package nor a pkg-config file; those are in libopencv-dev, which asks for every other module, too.
find_path(OPENCV_INCLUDE opencv2/imgproc.hpp PATH_SUFFIXES opencv4)
find_library(OPENCV_IMGPROC opencv_imgproc)
find_library(OPENCV_CORE opencv_core)
if(NOT OPENCV_INCLUDE OR NOT OPENCV_IMGPROC OR NOT OPENCV_CORE)
  message(FATAL_ERROR "OpenCV not found: `make setup` installs libopencv-imgproc-dev")
endif()
add_library(OpenCV::imgproc INTERFACE IMPORTED)
target_include_directories(OpenCV::imgproc SYSTEM INTERFACE "${OPENCV_INCLUDE}")
target_link_libraries(OpenCV::imgproc INTERFACE "${OPENCV_IMGPROC}" "${OPENCV_CORE}")
