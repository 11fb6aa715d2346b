// A denoiser as a graph of pure layers, which is all that plans, executors, probes and cost
// counters know of a model. Legend: B batch, C channels, H W latent size, L text tokens, D width of
// a text state, E width of the time embedding.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

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
};

/// What conditions a prediction besides the latent and the timestep.
struct Conditioning {
  at::Tensor encoder_hidden_states;  // [B, L, D]
  at::Tensor text_embeds;            // [B, P] pooled text, SDXL only; undefined elsewhere
  at::Tensor time_ids;               // [B, 6], SDXL only; undefined elsewhere

  /// The same conditioning repeated `n` times along the batch (batch order: all of copy 0, all of
  /// copy 1, ...).
  Conditioning repeat(std::int64_t n) const;
};

/// What a step brings to every layer. Made by `Denoiser::begin_step`.
struct StepContext {
  at::Tensor emb;  // [B, E] time embedding with all added conditions, after its activation
  at::Tensor encoder_hidden_states;  // [B, L, D]
  std::int64_t height = 0;  // H of the latent: upsamplers aim at the sizes that follow from it
  std::int64_t width = 0;   // W of the latent
};

/// Size of the latent that a denoiser works on.
struct SampleShape {
  std::int64_t batch = 1;
  std::int64_t height = 64;
  std::int64_t width = 64;
  std::int64_t text_tokens = 77;
};

/// A noise-prediction network as a list of layers in the order they run; the last one's output is
/// the prediction. Layers are pure: they depend on their inputs and the step context only and keep
/// nothing between calls.
class Denoiser {
 public:
  virtual ~Denoiser() = default;

  virtual std::span<const LayerInfo> layers() const = 0;
  virtual std::int64_t in_channels() const = 0;
  /// Latent height of the configuration (`sample_size`); 0 where it names none.
  virtual std::int64_t sample_size() const = 0;
  /// Latent width of the configuration; differs from the height where `sample_size` is a list
  /// [height, width].
  virtual std::int64_t sample_width() const { return sample_size(); }
  virtual at::ScalarType dtype() const = 0;
  virtual at::Device device() const = 0;
  /// Number of parameters of layer `layer`; of the time embedding and whatever begins a step for
  /// layer = -1.
  virtual std::int64_t num_parameters(int layer) const = 0;

  /// timesteps: [B] (float or int64), conditioning of the same batch; height, width: of the latent,
  /// any size.
  virtual StepContext begin_step(const at::Tensor& timesteps, const Conditioning& conditioning,
                                 std::int64_t height, std::int64_t width) const = 0;
  /// inputs: the outputs of `layers()[layer].inputs`, in that order.
  virtual at::Tensor run_layer(int layer, std::span<const at::Tensor> inputs,
                               const StepContext& context) const = 0;
  /// Multiply-adds of each layer for one call, by fvcore's rule (one multiply-add counts as one;
  /// convolutions, linear layers and both attention products). Same length as layers().
  virtual std::vector<std::int64_t> multiply_adds(const SampleShape& shape) const = 0;
};

/// One whole call, every layer once. sample: [B, C, H, W], timesteps: [B] -> [B, C, H, W].
at::Tensor forward(const Denoiser& denoiser, const at::Tensor& sample, const at::Tensor& timesteps,
                   const Conditioning& conditioning);

/// Names of the blocks in the order they run ("conv_in", "down_blocks.0", ..., "conv_out").
std::vector<std::string> block_names(const Denoiser& denoiser);

}  // namespace fdbench
