#include "denoisers/slowed_denoiser.h"

#include <utility>

#include "core/processor_time.h"

namespace fdbench {
namespace {

class SlowedDenoiser final : public Denoiser {
 public:
  SlowedDenoiser(std::unique_ptr<Denoiser> denoiser, double share)
      : denoiser_(std::move(denoiser)), share_(share) {}

  const ModelInfo& info() const override { return denoiser_->info(); }
  std::unique_ptr<StepState> begin(const at::Tensor& timesteps, const Conditioning& conditioning,
                                   const SampleShape& shape,
                                   const CallOptions& options) const override {
    return denoiser_->begin(timesteps, conditioning, shape, options);
  }
  Value run(int layer, std::span<const LayerInput> inputs, const StepState& state,
            std::unique_ptr<LayerMemo>* memo) const override {
    const double start = thread_processor_seconds();
    Value output = denoiser_->run(layer, inputs, state, memo);
    if (layers()[static_cast<std::size_t>(layer)].part != parts::kDecoder) return output;
    const double end = start + (1 + share_) * (thread_processor_seconds() - start);
    while (thread_processor_seconds() < end) continue;
    return output;
  }
  std::vector<LayerCost> costs(const SampleShape& shape,
                               const CallOptions& options) const override {
    return denoiser_->costs(shape, options);
  }

 private:
  std::unique_ptr<Denoiser> denoiser_;
  double share_;
};

}  // namespace

std::unique_ptr<Denoiser> slow_decoder(std::unique_ptr<Denoiser> denoiser, double share) {
  if (share == 0) return denoiser;
  return std::make_unique<SlowedDenoiser>(std::move(denoiser), share);
}

}  // namespace fdbench
