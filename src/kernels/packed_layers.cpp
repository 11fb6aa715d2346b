#include "kernels/packed_layers.h"

#include <ATen/core/dispatch/Dispatcher.h>

#include <optional>
#include <string_view>

#include "kernels/cpu_features.h"

namespace fdbench {
namespace {

using Sizes = std::vector<std::int64_t>;
using OptionalTensor = std::optional<at::Tensor>;
using Scalars = c10::List<std::optional<at::Scalar>>;
using OptionalText = std::optional<std::string_view>;

template <typename Signature>
auto operator_of(const char* name, const char* overload) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, overload).typed<Signature>();
}

OptionalTensor optional(const at::Tensor& tensor) {
  return tensor.defined() ? OptionalTensor(tensor) : std::nullopt;
}

bool is_packable(const at::Tensor& weight) {
  return weight.is_cpu() && has_packed_layers(weight.scalar_type());
}

at::Tensor convolve_packed(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                           std::int64_t stride, std::int64_t padding) {
  static const auto call = operator_of<at::Tensor(
      const at::Tensor&, const at::Tensor&, const OptionalTensor&, at::IntArrayRef, at::IntArrayRef,
      at::IntArrayRef, std::int64_t, std::string_view, Scalars, OptionalText)>(
      "mkldnn::_convolution_pointwise", "");
  return call.call(x, weight, optional(bias), {padding, padding}, {stride, stride}, {1, 1}, 1,
                   "none", Scalars(), std::nullopt);
}

at::Tensor convolve_packed(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                           std::int64_t stride, std::int64_t padding, const at::Tensor& added) {
  static const auto call = operator_of<at::Tensor(
      const at::Tensor&, const at::Tensor&, const at::Tensor&, const OptionalTensor&,
      at::IntArrayRef, at::IntArrayRef, at::IntArrayRef, std::int64_t, std::string_view,
      std::optional<at::Scalar>, OptionalText, Scalars, OptionalText)>(
      "mkldnn::_convolution_pointwise", "binary");
  return call.call(x, added, weight, optional(bias), {padding, padding}, {stride, stride}, {1, 1},
                   1, "add", std::nullopt, std::nullopt, Scalars(), std::nullopt);
}

}  // namespace

at::Tensor pack_conv_weight(const at::Tensor& weight, std::int64_t stride, std::int64_t padding,
                            std::int64_t height, std::int64_t width) {
  if (!is_packable(weight)) return weight;
  // One prompt with guidance.
  constexpr std::int64_t kBatch = 2;
  static const auto call =
      operator_of<at::Tensor(const at::Tensor&, at::IntArrayRef, at::IntArrayRef, at::IntArrayRef,
                             std::int64_t, at::OptionalIntArrayRef)>(
          "mkldnn::_reorder_convolution_weight", "");
  const Sizes input = {kBatch, weight.size(1), height, width};
  return call.call(weight, {padding, padding}, {stride, stride}, {1, 1}, 1,
                   at::OptionalIntArrayRef(input));
}

at::Tensor pack_linear_weight(const at::Tensor& weight) {
  if (!is_packable(weight)) return weight;
  static const auto call = operator_of<at::Tensor(const at::Tensor&, std::optional<std::int64_t>)>(
      "mkldnn::_reorder_linear_weight", "");
  return call.call(weight, std::nullopt);
}

at::Tensor convolve(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                    std::int64_t stride, std::int64_t padding, const at::Tensor& added) {
  if (!weight.is_mkldnn()) {
    at::Tensor y = at::conv2d(x, weight, optional(bias), {stride, stride}, {padding, padding});
    return added.defined() ? y.add_(added) : y;
  }
  const at::Tensor last = x.contiguous(at::MemoryFormat::ChannelsLast);
  if (!added.defined()) return convolve_packed(last, weight, bias, stride, padding);
  return convolve_packed(last, weight, bias, stride, padding,
                         added.contiguous(at::MemoryFormat::ChannelsLast));
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                  const at::Tensor& added) {
  if (!weight.is_mkldnn()) {
    at::Tensor y = at::linear(x, weight, optional(bias));
    return added.defined() ? y.add_(added) : y;
  }
  static const auto plain =
      operator_of<at::Tensor(const at::Tensor&, const at::Tensor&, const OptionalTensor&,
                             std::string_view, Scalars, OptionalText)>("mkldnn::_linear_pointwise",
                                                                       "");
  static const auto sum =
      operator_of<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&,
                             const OptionalTensor&, std::string_view)>("mkldnn::_linear_pointwise",
                                                                       "binary");
  const at::Tensor rows = x.contiguous();
  if (!added.defined())
    return plain.call(rows, weight, optional(bias), "none", Scalars(), std::nullopt);
  return sum.call(rows, added.contiguous(), weight, optional(bias), "add");
}

}  // namespace fdbench
