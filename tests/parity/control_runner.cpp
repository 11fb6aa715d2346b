// What makes control pictures, on tensors of a safetensors file, for the parity tests in Python.
//   control_runner canny INPUTS OUTPUT LOW HIGH APERTURE L2: of every tensor
//   control_runner bicubic|lanczos4|area INPUTS OUTPUT HEIGHT WIDTH: every tensor resized
//   control_runner scribble INPUTS OUTPUT: strokes of every tensor, an edge map
//   control_runner edge-map INPUTS OUTPUT HEIGHT WIDTH: of all tensors in the order of their names
//   control_runner picture PICTURE OUTPUT HEIGHT WIDTH KIND VARIANT [HED]: a network's input
#include <c10/core/InferenceMode.h>

#include <cstdio>
#include <exception>
#include <map>
#include <string>
#include <vector>

#include "core/error.h"
#include "io/safetensors.h"
#include "pictures/canny.h"
#include "pictures/opencv_resize.h"
#include "pictures/resize.h"
#include "pictures/scribble.h"
#ifndef PICTURES_ALONE
#include "tasks/control_pictures.h"
#endif

namespace fdbench {
namespace {

using Tensors = std::map<std::string, at::Tensor>;

at::Tensor made(const std::string& task, const at::Tensor& tensor,
                const std::vector<std::string>& more) {
  if (task == "canny") {
    return canny(tensor, {std::stod(more.at(0)), std::stod(more.at(1)), std::stoi(more.at(2)),
                          more.at(3) == "1"});
  }
  if (task == "scribble") return fake_scribble(tensor);
  const std::int64_t height = std::stoll(more.at(0)), width = std::stoll(more.at(1));
  if (task == "bicubic") return resize(tensor, height, width, Filter::kBicubic);
  if (task == "lanczos4") return opencv_resize(tensor, height, width, OpencvFilter::kLanczos4);
  if (task == "area") return opencv_resize(tensor, height, width, OpencvFilter::kArea);
  throw usage_error("unknown task '" + task + "'");
}

Tensors run(const std::string& task, const std::string& inputs,
            const std::vector<std::string>& more) {
#ifndef PICTURES_ALONE
  if (task == "picture") {
    ControlPreprocessing preprocessing{.from = more.at(2), .variant = more.at(3)};
    if (more.size() > 4) preprocessing.hed = more[4];
    return {{"picture", load_control_picture(inputs, {std::stoll(more[0]), std::stoll(more[1])},
                                             preprocessing)}};
  }
#endif
  const SafetensorsFile file(inputs);
  Tensors outputs;
  std::vector<at::Tensor> all;
  for (const std::string& name : file.names()) {
    all.push_back(file.tensor(name));
    if (task != "edge-map") outputs[name] = made(task, all.back(), more).contiguous();
  }
  if (task == "edge-map") {
    outputs["map"] = merged_edge_map(all, std::stoll(more.at(0)), std::stoll(more.at(1)));
  }
  return outputs;
}

}  // namespace
}  // namespace fdbench

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    if (arguments.size() < 3) throw fdbench::usage_error("control_runner TASK INPUTS OUTPUT ...");
    const c10::InferenceMode inference;
    fdbench::save_safetensors(arguments[2], fdbench::run(arguments[0], arguments[1],
                                                         {arguments.begin() + 3, arguments.end()}));
    return 0;
  } catch (const fdbench::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return error.exit_code();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 3;
  }
}
