#include "models/slowed_denoiser.h"

#include <cstdlib>
#include <utility>

#include "core/error.h"
#include "core/processor_time.h"

namespace fdbench {
namespace {

constexpr const char* kVariable = "FDBENCH_SLOW_DECODER";
constexpr double kLargestShare = 10;

class SlowedDenoiser final : public Denoiser {
 public:
  SlowedDenoiser(std::unique_ptr<Denoiser> denoiser, double share)
      : denoiser_(std::move(denoiser)), share_(share) {}

  std::span<const LayerInfo> layers() const override { return denoiser_->layers(); }
  std::int64_t in_channels() const override { return denoiser_->in_channels(); }
  std::int64_t out_channels() const override { return denoiser_->out_channels(); }
  std::int64_t sample_size() const override { return denoiser_->sample_size(); }
  std::int64_t sample_width() const override { return denoiser_->sample_width(); }
  std::int64_t time_cond_proj_dim() const override { return denoiser_->time_cond_proj_dim(); }
  at::ScalarType dtype() const override { return denoiser_->dtype(); }
  at::Device device() const override { return denoiser_->device(); }
  std::int64_t num_parameters(int layer) const override { return denoiser_->num_parameters(layer); }
  StepContext begin_step(const at::Tensor& timesteps, const Conditioning& conditioning,
                         std::int64_t height, std::int64_t width) const override {
    return denoiser_->begin_step(timesteps, conditioning, height, width);
  }
  at::Tensor run_layer(int layer, std::span<const LayerInput> inputs, const StepContext& context,
                       LayerScratch& scratch) const override {
    const double start = thread_processor_seconds();
    at::Tensor output = denoiser_->run_layer(layer, inputs, context, scratch);
    if (layers()[static_cast<std::size_t>(layer)].role != Role::kDecoder) return output;
    const double end = start + (1 + share_) * (thread_processor_seconds() - start);
    while (thread_processor_seconds() < end) continue;
    return output;
  }
  std::vector<LayerCost> costs(const SampleShape& shape) const override {
    return denoiser_->costs(shape);
  }

 private:
  std::unique_ptr<Denoiser> denoiser_;
  double share_;
};

}  // namespace

double slowed_decoder_share() {
  const char* text = std::getenv(kVariable);
  if (text == nullptr || *text == '\0') return 0;
  char* end = nullptr;
  const double share = std::strtod(text, &end);
  if (*end != '\0' || !(share >= 0 && share <= kLargestShare)) {
    throw usage_error(std::string(kVariable) + "='" + text +
                      "': wants a share from 0 to 10, such as 0.05 for 5%");
  }
  return share;
}

std::unique_ptr<Denoiser> slow_decoder(std::unique_ptr<Denoiser> denoiser, double share) {
  if (share == 0) return denoiser;
  return std::make_unique<SlowedDenoiser>(std::move(denoiser), share);
}

}  // namespace fdbench
