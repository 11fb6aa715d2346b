// What a layer passes on to the next ones: one tensor, or two streams as in an MMDiT.
#pragma once

#include <ATen/ATen.h>
#include <c10/util/SmallVector.h>

#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

#include "kernels/batch.h"

namespace fdbench {

/// The batch comes first in each tensor and is the same in all. Batches follow the convention of
/// kernels/batch.h: a smaller one stands for its repetition.
class Value {
 public:
  Value() = default;
  Value(at::Tensor tensor) { tensors_.push_back(std::move(tensor)); }
  Value(std::initializer_list<at::Tensor> tensors) : tensors_(tensors) {}

  bool empty() const { return tensors_.empty(); }
  std::size_t size() const { return tensors_.size(); }
  const at::Tensor& operator[](std::size_t i) const { return tensors_[i]; }
  /// The first stream, which is the only one of most models: what probes and rules look at.
  const at::Tensor& front() const { return tensors_.front(); }
  std::int64_t batch() const { return front().size(0); }
  std::int64_t nbytes() const {
    std::int64_t bytes = 0;
    for (const at::Tensor& tensor : tensors_) bytes += static_cast<std::int64_t>(tensor.nbytes());
    return bytes;
  }

  /// change: tensor -> tensor, of every stream.
  template <typename Change>
  Value changed(const Change& change) const {
    Value made;
    for (const at::Tensor& tensor : tensors_) made.tensors_.push_back(change(tensor));
    return made;
  }
  Value entries(std::int64_t first, std::int64_t count) const {
    return changed([&](const at::Tensor& tensor) { return tensor.narrow(0, first, count); });
  }

 private:
  c10::SmallVector<at::Tensor, 2> tensors_;
};

/// The value at a batch of `batch`, which its own divides.
inline Value repeat_batch(const Value& value, std::int64_t batch) {
  return value.changed([&](const at::Tensor& tensor) { return repeat_batch(tensor, batch); });
}

/// Along the batch. values: one or more, of the same number of streams.
inline Value cat_batch(const std::vector<Value>& values) {
  if (values.size() == 1) return values.front();
  std::size_t stream = 0;
  return values.front().changed([&](const at::Tensor&) {
    std::vector<at::Tensor> tensors;
    for (const Value& value : values) tensors.push_back(value[stream]);
    ++stream;
    return at::cat(tensors, 0);
  });
}

}  // namespace fdbench
