// Whether tensors that a user gives fit a network.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <vector>

namespace fdbench {

/// "[a, b, c]".
std::string shape_words(const std::vector<std::string>& sizes);

/// Throws a usage error unless `tensor` is defined and has the shape; -1 stands for any size.
/// network: what wants it, for messages.
void check_shape(const std::string& name, const at::Tensor& tensor, at::IntArrayRef shape,
                 const std::string& shape_in_words, const std::string& network = "this UNet");

/// Throws a usage error unless one of both batches divides the other.
void check_batches(const std::string& name, std::int64_t batch, std::int64_t other);

}  // namespace fdbench
