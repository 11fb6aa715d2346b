// A denoiser as a graph of pure layers, which is all that plans, executors, probes and cost
// counters know of a model. Legend: B batch, C channels, H W latent size, L text tokens, D width of
// a text state, E width of the time embedding.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "kernels/attention.h"
#include "nn/resnet.h"
#include "nn/token_merging.h"

namespace fdbench {

/// Part of the paper's E, B, D that a layer belongs to (section 3.1).
enum class Role { kEncoder, kBottleneck, kDecoder };

/// "encoder", "bottleneck" or "decoder".
std::string role_name(Role role);

/// Stands in `LayerInfo::inputs` for the (scaled) latent itself.
inline constexpr int kSample = -1;

/// One column of the plan. For a UNet the columns are conv_in, each resnet, attention, down- and
/// upsampler (the 44 modules of the paper's Table 7 for SD 1.5) and conv_out.
struct LayerInfo {
  std::string name;   // "up_blocks.2.resnets.1": the module name of diffusers, prefix of its
                      // safetensors keys
  std::string block;  // "up_blocks.2"
  Role role;
  std::vector<int> inputs;  // earlier layers (or kSample) in the order run_layer wants them; an up
                            // resnet: {previous, skip}
  bool same_for_guidance = false;  // the output does not depend on what differs between the halves
                                   // of a guidance batch: the text
};

/// What conditions a prediction besides the latent and the timestep.
struct Conditioning {
  at::Tensor encoder_hidden_states;  // [B, L, D]
  at::Tensor text_embeds;            // [B, P] pooled text, SDXL only; undefined elsewhere
  at::Tensor time_ids;               // [B, 6], SDXL only; undefined elsewhere
  at::Tensor timestep_cond;          // [B, time_cond_proj_dim] embedded guidance scale, latent
                                     // consistency models only; undefined elsewhere
};

/// What a step brings to every layer. Made by `Denoiser::begin_step`. The batches follow the
/// convention of kernels/batch.h: a smaller one stands for its repetition.
struct StepContext {
  at::Tensor emb;  // [n, E] time embedding with all added conditions, after its activation
  at::Tensor encoder_hidden_states;  // [m, L, D]
  std::int64_t height = 0;       // H of the latent: upsamplers aim at the sizes that follow from it
  std::int64_t width = 0;        // W of the latent
  bool keep_text = false;        // the text is the same at later calls with the same LayerScratch
  SeededTokenMerging tome = {};  // seeds: of this step
};

/// One input of a layer.
struct LayerInput {
  at::Tensor values;  // [m, C, H, W]; m may be smaller than the batch, as in kernels/batch.h
  bool held = false;  // the same as at this layer's last call with the same LayerScratch
  bool kept = false;  // will be given again at a later call with the same LayerScratch
};

/// What a layer keeps between calls that are promised the same inputs (`LayerInput::kept`,
/// `StepContext::keep_text`). Belongs to the caller, so that layers stay pure; an empty one is
/// always right.
struct LayerScratch {
  std::vector<KeysAndValues> text;  // of each attention to the text
  SkipTerm skip;                    // of the second input

  std::int64_t nbytes() const;
};

/// Multiply-adds of one layer for one call.
struct LayerCost {
  std::int64_t all = 0;     // by fvcore's rule: one multiply-add counts as one
  std::int64_t shared = 0;  // of them: what does not depend on the text or on inputs that do, so
                            // that both halves of a guidance batch have it in common
  std::int64_t skip = 0;    // of them: what depends on the second input alone
  std::int64_t text = 0;    // of them: what depends on the text alone
};

/// Size of the latent that a denoiser works on.
struct SampleShape {
  std::int64_t batch = 1;
  std::int64_t height = 64;
  std::int64_t width = 64;
  std::int64_t text_tokens = 77;
  TokenMerging tome = {};
};

/// A noise-prediction network as a list of layers in the order they run; the last one's output is
/// the prediction. Layers are pure: they depend on their inputs and the step context only and keep
/// nothing between calls.
class Denoiser {
 public:
  virtual ~Denoiser() = default;

  virtual std::span<const LayerInfo> layers() const = 0;
  virtual std::int64_t in_channels() const = 0;
  /// Channels of the prediction: twice those of the latent where variances are predicted too.
  virtual std::int64_t out_channels() const { return in_channels(); }
  /// Latent height of the configuration (`sample_size`); 0 where it names none.
  virtual std::int64_t sample_size() const = 0;
  /// Latent width of the configuration; differs from the height where `sample_size` is a list
  /// [height, width].
  virtual std::int64_t sample_width() const { return sample_size(); }
  /// Width of the embedded guidance scale that the network takes in place of a guidance batch
  /// (latent consistency models, `time_cond_proj_dim`); 0 for networks that take none.
  virtual std::int64_t time_cond_proj_dim() const { return 0; }
  virtual at::ScalarType dtype() const = 0;
  virtual at::Device device() const = 0;
  /// Number of parameters of layer `layer`; of the time embedding and whatever begins a step for
  /// layer = -1.
  virtual std::int64_t num_parameters(int layer) const = 0;

  /// timesteps: [n] (float or int64), conditioning of batch m; a smaller batch stands for its
  /// repetition (one timestep for all, say). height, width: of the latent, any size.
  virtual StepContext begin_step(const at::Tensor& timesteps, const Conditioning& conditioning,
                                 std::int64_t height, std::int64_t width) const = 0;
  /// inputs: the outputs of `layers()[layer].inputs`, in that order. The result has the largest
  /// batch of what it depends on. scratch: of this layer and this series of calls.
  virtual at::Tensor run_layer(int layer, std::span<const LayerInput> inputs,
                               const StepContext& context, LayerScratch& scratch) const = 0;
  /// Multiply-adds of each layer for one call, by fvcore's rule (convolutions, linear layers and
  /// both attention products); with token merging also the scores of its matching. Same length as
  /// layers().
  virtual std::vector<LayerCost> costs(const SampleShape& shape) const = 0;
  /// `LayerCost::all` of each layer.
  std::vector<std::int64_t> multiply_adds(const SampleShape& shape) const;
};

/// Called with the output of each layer as it ran: [m, C, H, W], m as in kernels/batch.h.
using LayerOutputObserver = std::function<void(int layer, const at::Tensor& output)>;

/// One whole call, every layer once. sample: [n, C, H, W], timesteps: [n] or [1], conditioning of
/// batch n
/// -> [n, C, H, W].
at::Tensor forward(const Denoiser& denoiser, const at::Tensor& sample, const at::Tensor& timesteps,
                   const Conditioning& conditioning, const LayerOutputObserver& observer = {},
                   const SeededTokenMerging& tome = {});

/// Names of the blocks in the order they run ("conv_in", "down_blocks.0", ..., "conv_out").
std::vector<std::string> block_names(const Denoiser& denoiser);

}  // namespace fdbench
