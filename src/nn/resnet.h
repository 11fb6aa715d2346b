// The residual block of diffusers' UNets and autoencoders.
#pragma once

#include "kernels/activation.h"
#include "nn/conv2d.h"
#include "nn/linear.h"
#include "nn/norm.h"

namespace fdbench {

struct ResnetOptions {
  std::int64_t in_channels = 0;
  /// The last ones of in_channels, which a skip connection brings.
  std::int64_t skip_channels = 0;
  std::int64_t out_channels = 0;
  /// Width of the time embedding; 0: none.
  std::int64_t emb_channels = 0;
  std::int64_t norm_num_groups = 32;
  double norm_eps = 1e-5;
  Activation activation = Activation::kSilu;
  /// resnet_time_scale_shift: the embedding scales and shifts after norm2.
  bool scale_shift = false;
  double output_scale_factor = 1;
};

/// The part of a block's result that depends on the skip alone. norm1 works by groups, conv1 and
/// the shortcut are linear in their input channels: the groups that lie wholly in the skip
/// contribute this much, whatever the other input is.
struct SkipTerm {
  /// [m, C', H, W] of conv1; undefined when no group lies wholly in the skip.
  at::Tensor conv;
  /// [m, C', H, W] of the shortcut.
  at::Tensor shortcut;
  bool defined() const { return shortcut.defined(); }
};

/// x -> (shortcut(x) + conv2(act(norm2(conv1(act(norm1(x))) + time)))) / output_scale_factor.
class ResnetBlock2D {
 public:
  ResnetBlock2D() = default;
  ResnetBlock2D(const WeightScope& scope, const ResnetOptions& options);
  /// Brings the weights into the order that the CPU reads fastest, for feature maps of about height
  /// x width.
  void pack(std::int64_t height, std::int64_t width);

  /// x: [n, C, H, W]; emb: [m, E] after its activation, undefined without one -> [max(n, m), C', H,
  /// W]. A smaller batch stands for its repetition.
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& emb) const;
  /// skip: [m, skip_channels, H, W], of any batch that divides or is divided by the others'; term:
  /// skip_term(skip).
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& skip, const SkipTerm& term,
                        const at::Tensor& emb) const;
  SkipTerm skip_term(const at::Tensor& skip) const;

  std::int64_t multiply_adds(std::int64_t batch, std::int64_t height, std::int64_t width) const;
  /// Of skip_term.
  std::int64_t skip_multiply_adds(std::int64_t batch, std::int64_t height,
                                  std::int64_t width) const;

 private:
  at::Tensor own_shortcut(const at::Tensor& x, const at::Tensor& added) const;
  at::Tensor finish(at::Tensor h, const at::Tensor& partial, const at::Tensor& emb,
                    const at::Tensor& shortcut) const;

  GroupNorm norm1_, norm1_skip_, norm2_;
  Conv2d conv1_, conv1_skip_, conv2_;
  /// 1x1 convolutions; only where the number of channels changes.
  Linear shortcut_, shortcut_skip_;
  /// Only with a time embedding.
  Linear time_emb_proj_;
  /// Channels of the skip that share a group with the other input.
  std::int64_t straddling_ = 0;
  Activation activation_ = Activation::kSilu;
  bool scale_shift_ = false;
  double output_scale_factor_ = 1;
};

}  // namespace fdbench
