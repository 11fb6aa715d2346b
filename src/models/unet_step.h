// What a UNet brings to its layers at a step, and what its layers keep from step to step.
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <span>
#include <vector>

#include "models/denoiser.h"
#include "nn/resnet.h"
#include "nn/transformer.h"

namespace fdbench {

/// What a step brings to the layers.
struct UNetStep final : StepState {
  /// [n, E] time embedding with all added conditions, after its activation.
  at::Tensor emb;
  /// True where the rows of `emb` differ by their timestep alone.
  bool depends_on_time_alone = false;
  /// [m, L, D].
  at::Tensor encoder_hidden_states;
  /// [m, C, H, W] 0 to 1, of control networks.
  at::Tensor controlnet_cond;
  /// Of the latent: upsamplers aim at the sizes that follow from it.
  std::int64_t height = 0, width = 0;
  CallOptions options;

  std::unique_ptr<StepState> select(std::span<const std::size_t> positions, std::size_t num_steps,
                                    const CallOptions& call) const override {
    auto made = std::make_unique<UNetStep>(*this);
    made->options = call;
    made->emb = rows_of_steps(emb, positions, num_steps);
    const bool is_one_row = positions.size() == 1 && depends_on_time_alone && call.share_entries;
    if (is_one_row) made->emb = made->emb.narrow(0, 0, 1);
    return made;
  }
};

/// What a layer keeps.
struct UNetMemo final : LayerMemo {
  /// Of each attention to the text.
  std::vector<KeysAndValues> text;
  SkipTerm skip;
  /// What is made of the control picture.
  at::Tensor control;

  std::int64_t nbytes() const override {
    std::int64_t bytes = 0;
    const auto add = [&](const at::Tensor& tensor) {
      if (tensor.defined()) bytes += static_cast<std::int64_t>(tensor.nbytes());
    };
    for (const KeysAndValues& term : text) {
      add(term.keys);
      add(term.values);
    }
    add(skip.conv);
    add(skip.shortcut);
    add(control);
    return bytes;
  }
};

/// The memo that `memo` holds, made where there is none.
inline UNetMemo& memo_of(std::unique_ptr<LayerMemo>& memo) {
  if (!memo) memo = std::make_unique<UNetMemo>();
  return static_cast<UNetMemo&>(*memo);
}

}  // namespace fdbench
