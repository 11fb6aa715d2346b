# LibTorch as the imported target `LibTorch::torch`.
#
# Torch's own CMake package refuses a CUDA wheel on a machine without the CUDA Toolkit, so the libraries of
# the wheel are linked directly. Searched in this order: -DCMAKE_PREFIX_PATH (a LibTorch folder or
# `torch.utils.cmake_prefix_path`), then the virtual environment `.venv` of the checkout.

set(libtorch_hints ${CMAKE_PREFIX_PATH})
foreach(prefix IN LISTS CMAKE_PREFIX_PATH)
  list(APPEND libtorch_hints "${prefix}/../..") # torch.utils.cmake_prefix_path is torch/share/cmake
endforeach()
file(GLOB venv_torch "${CMAKE_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch")
list(APPEND libtorch_hints ${venv_torch})

find_path(LIBTORCH_INCLUDE ATen/ATen.h HINTS ${libtorch_hints} PATH_SUFFIXES include NO_DEFAULT_PATH)
if(NOT LIBTORCH_INCLUDE)
  message(FATAL_ERROR "LibTorch not found: run `make setup` (installs the pinned wheel into .venv) or pass "
                      "-DCMAKE_PREFIX_PATH=/path/to/libtorch")
endif()
get_filename_component(LIBTORCH_ROOT "${LIBTORCH_INCLUDE}/.." ABSOLUTE)
find_library(LIBTORCH_TORCH torch HINTS "${LIBTORCH_ROOT}/lib" NO_DEFAULT_PATH REQUIRED)
find_library(LIBTORCH_CPU torch_cpu HINTS "${LIBTORCH_ROOT}/lib" NO_DEFAULT_PATH REQUIRED)
find_library(LIBTORCH_C10 c10 HINTS "${LIBTORCH_ROOT}/lib" NO_DEFAULT_PATH REQUIRED)

add_library(LibTorch::torch INTERFACE IMPORTED)
target_include_directories(LibTorch::torch SYSTEM INTERFACE "${LIBTORCH_INCLUDE}")
# A CUDA wheel's CPU library needs CUDA libraries that its own run path finds at run time, not at link time.
target_link_options(LibTorch::torch INTERFACE "-Wl,--allow-shlib-undefined" "-Wl,--disable-new-dtags"
                    "-Wl,-rpath,${LIBTORCH_ROOT}/lib")
target_link_libraries(LibTorch::torch INTERFACE "${LIBTORCH_CPU}" "${LIBTORCH_C10}")
# at::parallel_for is a template: without OpenMP it would run on one thread. At run time the run path finds the OpenMP
# library that the wheel brings, so that there is one pool of threads.
# The fuzz targets do without: clang's own OpenMP library would be a second one.
if(NOT FDBENCH_FUZZ)
  target_compile_options(LibTorch::torch INTERFACE -fopenmp)
  target_link_options(LibTorch::torch INTERFACE -fopenmp)
endif()

if(FDBENCH_CUDA)
  find_library(LIBTORCH_CUDA torch_cuda HINTS "${LIBTORCH_ROOT}/lib" NO_DEFAULT_PATH REQUIRED)
  find_library(LIBTORCH_C10_CUDA c10_cuda HINTS "${LIBTORCH_ROOT}/lib" NO_DEFAULT_PATH REQUIRED)
  # Nothing refers to torch_cuda by symbol: its kernels register themselves when it is loaded.
  target_link_libraries(LibTorch::torch INTERFACE "-Wl,--no-as-needed" "${LIBTORCH_CUDA}"
                        "${LIBTORCH_C10_CUDA}" "-Wl,--as-needed")
endif()
message(STATUS "LibTorch: ${LIBTORCH_ROOT}")
