#include "core/device.h"

#include <ATen/Parallel.h>

#include <fstream>
#include <map>

#include "core/error.h"

namespace fdbench {
namespace {

const std::map<std::string, at::ScalarType>& dtypes() {
  static const std::map<std::string, at::ScalarType> table = {
      {"float32", at::kFloat}, {"fp32", at::kFloat},     {"float16", at::kHalf},
      {"fp16", at::kHalf},     {"half", at::kHalf},      {"bfloat16", at::kBFloat16},
      {"bf16", at::kBFloat16}, {"float64", at::kDouble},
  };
  return table;
}

std::string cpu_model() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "CPU";
}

}  // namespace

at::ScalarType parse_dtype(const std::string& name) {
  const auto found = dtypes().find(name);
  if (found != dtypes().end()) return found->second;
  throw usage_error("dtype '" + name + "' is not known" +
                    advice(name, {"float32", "float16", "bfloat16", "fp32", "fp16", "bf16"}));
}

std::string dtype_name(at::ScalarType dtype) {
  for (const char* name : {"float32", "float16", "bfloat16", "float64"}) {
    if (dtypes().at(name) == dtype) return name;
  }
  return at::toString(dtype);
}

at::Device parse_device(const std::string& name) {
  const std::string type = name.substr(0, name.find(':'));
  if (type != "cpu" && type != "cuda") {
    throw usage_error("device '" + name + "' is not known" + advice(type, {"cpu", "cuda"}));
  }
  if (type == "cuda" && !at::globalContext().hasCUDA()) {
    throw usage_error("device '" + name +
                      "': this build of fdbench or this machine has no CUDA; use device 'cpu'");
  }
  try {
    return at::Device(name);
  } catch (const std::exception&) {
    throw usage_error("device '" + name + "' is not well formed; write cpu, cuda or cuda:0");
  }
}

std::string device_description(const at::Device& device) {
  if (device.is_cpu()) {
    return cpu_model() + ", " + std::to_string(at::get_num_threads()) + " threads";
  }
  return device.str();
}

void synchronize(const at::Device& device) {
  if (device.is_cuda()) at::detail::getCUDAHooks().deviceSynchronize(device.index());
}

}  // namespace fdbench
