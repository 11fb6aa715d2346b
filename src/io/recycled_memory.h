// Memory for tensors that are made, turned into another layout and dropped, one after the other.
#pragma once

#include <ATen/ATen.h>

#include <memory>

namespace fdbench {

/// Gives the memory of a dropped tensor to the next one of about its size. Fresh memory costs more
/// than reading a file into it, since the system clears it page by page: a model whose layers
/// repack their weights as they take them loads in half the time. What is kept for the next tensor
/// is at most 128 MiB, and is given back with this object.
class RecycledMemory {
 public:
  RecycledMemory();
  ~RecycledMemory();
  RecycledMemory(const RecycledMemory&) = delete;
  RecycledMemory& operator=(const RecycledMemory&) = delete;

  /// An uninitialised tensor on the CPU, which may outlive this object. Small ones (below 1 MiB)
  /// have memory of their own. Throws c10::OutOfMemoryError.
  at::Tensor empty(at::IntArrayRef shape, at::ScalarType dtype);

 private:
  struct Shelf;
  std::shared_ptr<Shelf> shelf_;
};

}  // namespace fdbench
