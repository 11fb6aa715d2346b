// Devices and number formats by the names that PyTorch users know.
#pragma once

#include <ATen/ATen.h>

#include <string>

namespace fdbench {

/// "float32", "float16", "bfloat16" (or "fp32", "fp16", "bf16") -> ScalarType.
/// Throws a usage error that names the nearest valid name.
at::ScalarType parse_dtype(const std::string& name);

/// ScalarType -> "float32", "float16", "bfloat16", ...
std::string dtype_name(at::ScalarType dtype);

/// "cpu", "cuda", "cuda:1". Throws a usage error for an unknown name and where this build or
/// machine has no CUDA.
at::Device parse_device(const std::string& name);

/// One line for people: "AMD EPYC, 2 threads" or the GPU's name.
std::string device_description(const at::Device& device);

/// Waits until all work queued on `device` is done; nothing to wait for on a CPU.
void synchronize(const at::Device& device);

}  // namespace fdbench
