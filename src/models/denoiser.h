// A denoiser as a graph of pure layers, which is all that plans, executors, probes and cost
// counters know of a model.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/conditioning.h"
#include "models/value.h"
#include "nn/token_merging.h"

namespace fdbench {

/// Stands in `Edge::layer` for the (scaled) latent itself.
inline constexpr int kSample = -1;

/// kSkip: a long connection past other layers, whose own contribution a layer may keep while the
/// skip stays the same (skip hoisting). kOptional: an addition that the layer also does without,
/// where a plan leaves the layer that it comes from out (a control network's residual).
enum class EdgeKind { kMain, kSkip, kOptional };

/// One input of a layer.
struct Edge {
  int layer = kSample;
  EdgeKind kind = EdgeKind::kMain;

  Edge(int from, EdgeKind edge_kind = EdgeKind::kMain) : layer(from), kind(edge_kind) {}
  bool operator==(const Edge&) const = default;
};

/// Words for parts of a model by which strategies select layers: the paper's E, B, D (section 3.1).
/// A model may have others.
namespace parts {
inline constexpr const char* kEncoder = "encoder";
inline constexpr const char* kBottleneck = "bottleneck";
inline constexpr const char* kDecoder = "decoder";
/// Of control networks, which strategies treat as a second encoder.
inline constexpr const char* kControl = "control";
}  // namespace parts

/// One column of the plan. For a UNet the columns are conv_in, each resnet, attention, down- and
/// upsampler (the 44 modules of the paper's Table 7 for SD 1.5) and conv_out.
struct LayerInfo {
  /// "up_blocks.2.resnets.1": the module name of diffusers, prefix of its safetensors keys.
  std::string name;
  /// "up_blocks.2".
  std::string block;
  std::string part;
  /// Earlier layers (or kSample) in the order `Denoiser::run` wants them.
  std::vector<Edge> inputs;
  /// Conditioning that the layer depends on by itself. What halves of a guidance batch have in
  /// common follows from it, and what can be kept from step to step.
  std::vector<std::string> reads = {};
};

/// By layer: true where the output does not depend on any conditioning, neither by the layer itself
/// nor by way of its inputs, so that both halves of a guidance batch have it in common.
std::vector<bool> unconditioned_layers(std::span<const LayerInfo> layers);

/// By layer: true where a plan may leave the layer out of a step, because whatever reads it does so
/// by way of an optional edge or is optional itself.
std::vector<bool> optional_layers(std::span<const LayerInfo> layers);

/// Size of the batch that a denoiser works on.
struct SampleShape {
  std::int64_t batch = 1;
  /// Height and width, or frames, height and width: frames are an axis of a picture.
  std::vector<std::int64_t> axes = {64, 64};
  std::int64_t text_tokens = 77;
};

/// The batch and the axes of a sample [B, C, axes...].
SampleShape shape_of(const at::Tensor& sample);

/// How a call is made.
struct CallOptions {
  /// Seeds: of this call.
  SeededTokenMerging tome = {};
  /// The conditioning is the same at all calls with the same memos, so that what follows from it
  /// alone may be kept in them.
  bool same_conditioning = false;
  /// What is the same for all entries of a batch may be made once.
  bool share_entries = false;
};

/// What a step brings to every layer, as the model needs it. Opaque to everyone else.
class StepState {
 public:
  virtual ~StepState() = default;
  /// The state of some steps of a batch of `num_steps`, whose entries follow each other step by
  /// step. positions: of the steps, in their order.
  virtual std::unique_ptr<StepState> select(std::span<const std::size_t> positions,
                                            std::size_t num_steps,
                                            const CallOptions& options) const = 0;
};

/// What a layer keeps between calls that are promised the same inputs (`LayerInput::reused_later`,
/// `CallOptions::same_conditioning`). Belongs to the caller, so that layers stay pure; none is
/// always right.
class LayerMemo {
 public:
  virtual ~LayerMemo() = default;
  virtual std::int64_t nbytes() const = 0;
};

/// One input of a layer.
struct LayerInput {
  /// Of a batch that may be smaller than the others', as in kernels/batch.h. Empty: an optional one
  /// that is left out.
  Value value;
  /// The same as at this layer's last call with the same memo.
  bool unchanged = false;
  /// Will be given again at a later call with the same memo.
  bool reused_later = false;
};

/// What one layer costs in one call: multiply-adds by fvcore's rule, one multiply-add counts as
/// one.
struct LayerCost {
  std::int64_t all = 0;
  /// Of them: what depends on no conditioning that the layer reads.
  std::int64_t unconditioned = 0;
  /// Of them: what depends on the inputs of kind kSkip alone.
  std::int64_t skip = 0;
  /// Of them: what depends on the conditioning alone.
  std::int64_t conditioning = 0;
  /// Numbers that the output has.
  std::int64_t output_size = 0;
};

/// One tensor of the conditioning that a model wants.
struct ConditioningInput {
  std::string name;
  /// Sizes after the batch; -1: any.
  std::vector<std::int64_t> axes;
};

/// What is known of a denoiser without a call.
struct ModelInfo {
  /// diffusers' name: "UNet2DConditionModel".
  std::string class_name;
  /// In the order they run; the last one's output is the prediction.
  std::vector<LayerInfo> layers;
  /// Of each layer, and of what begins a step.
  std::vector<std::int64_t> layer_parameters;
  std::int64_t step_parameters = 0;
  std::int64_t in_channels = 0;
  /// Channels of the prediction: twice those of the latent where variances are predicted too.
  std::int64_t out_channels = 0;
  /// Sides of the latent by the configuration (`sample_size`), 0 where it names none.
  std::vector<std::int64_t> sample_axes;
  /// Width of the embedded guidance scale that the network takes in place of a guidance batch
  /// (latent consistency models); 0 for networks that take none.
  std::int64_t time_cond_proj_dim = 0;
  std::vector<ConditioningInput> conditioning;
  at::ScalarType dtype = at::kFloat;
  at::Device device = at::kCPU;

  std::int64_t num_parameters() const;
};

/// A noise-prediction network as a list of layers. Layers are pure: they depend on their inputs and
/// the step's state only and keep nothing between calls.
class Denoiser {
 public:
  virtual ~Denoiser() = default;

  virtual const ModelInfo& info() const = 0;
  /// timesteps: [n] (float or int64), conditioning of batch m; a smaller batch stands for its
  /// repetition (one timestep for all, say). shape: of the sample, any axes; its batch is not read.
  /// Throws a usage error for conditioning that is missing or of the wrong shape.
  virtual std::unique_ptr<StepState> begin(const at::Tensor& timesteps,
                                           const Conditioning& conditioning,
                                           const SampleShape& shape,
                                           const CallOptions& options) const = 0;
  /// inputs: the outputs of the layer's `inputs`, in that order. The result has the largest batch
  /// of what it depends on. state: of this denoiser's `begin`. memo: of this layer and this series
  /// of calls; empty at first, nullptr where nothing is to be kept.
  virtual Value run(int layer, std::span<const LayerInput> inputs, const StepState& state,
                    std::unique_ptr<LayerMemo>* memo) const = 0;
  /// Of each layer for one call (convolutions, linear layers and both attention products; with
  /// token merging also the scores of its matching).
  virtual std::vector<LayerCost> costs(const SampleShape& shape,
                                       const CallOptions& options) const = 0;

  std::span<const LayerInfo> layers() const { return info().layers; }
};

/// Of a state's tensor [num_steps * rows, ...], whose rows follow each other step by step: those of
/// the steps at `positions`, in their order (`StepState::select`).
at::Tensor rows_of_steps(const at::Tensor& tensor, std::span<const std::size_t> positions,
                         std::size_t num_steps);

/// `LayerCost::all` of each layer.
std::vector<std::int64_t> multiply_adds(const Denoiser& denoiser, const SampleShape& shape);

/// Called with the output of each layer as it ran: of batch m as in kernels/batch.h.
using LayerOutputObserver = std::function<void(int layer, const Value& output)>;

/// One whole call, every layer once. sample: [n, C, axes...], timesteps: [n] or [1], conditioning
/// of batch n -> [n, C', axes...].
at::Tensor forward(const Denoiser& denoiser, const at::Tensor& sample, const at::Tensor& timesteps,
                   const Conditioning& conditioning, const LayerOutputObserver& observer = {},
                   const SeededTokenMerging& tome = {});

/// Names of the blocks in the order they run ("conv_in", "down_blocks.0", ..., "conv_out").
std::vector<std::string> block_names(std::span<const LayerInfo> layers);

}  // namespace fdbench
