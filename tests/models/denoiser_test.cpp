#include "models/denoiser.h"

#include <gtest/gtest.h>

namespace fdbench {
namespace {

/// Adds 1, doubles, then multiplies both results: (x + 1) * 2 (x + 1).
class ThreeLayers : public Denoiser {
 public:
  std::span<const LayerInfo> layers() const override { return layers_; }
  std::int64_t in_channels() const override { return 1; }
  std::int64_t sample_size() const override { return 4; }
  at::ScalarType dtype() const override { return at::kFloat; }
  at::Device device() const override { return at::kCPU; }
  std::int64_t num_parameters(int) const override { return 0; }
  StepContext begin_step(const at::Tensor&, const Conditioning&, std::int64_t height,
                         std::int64_t width) const override {
    return {{}, {}, height, width};
  }
  at::Tensor run_layer(int layer, std::span<const LayerInput> inputs, const StepContext&,
                       LayerScratch&) const override {
    const at::Tensor& x = inputs[0].values;
    if (layer == 0) return x + 1;
    return layer == 1 ? x * 2 : x * inputs[1].values;
  }
  std::vector<LayerCost> costs(const SampleShape&) const override { return {{}, {}, {}}; }

 private:
  std::vector<LayerInfo> layers_ = {{"a.0", "a", Role::kEncoder, {kSample}},
                                    {"a.1", "a", Role::kEncoder, {0}},
                                    {"b", "b", Role::kDecoder, {1, 0}}};
};

TEST(Denoiser, ForwardRunsTheGraph) {
  const at::Tensor x = at::full({1, 1, 2, 2}, 3.0);
  EXPECT_TRUE(at::equal(forward(ThreeLayers(), x, at::tensor({1}), {}), at::full_like(x, 32)));
}

TEST(Denoiser, BlocksAreNamedInOrder) {
  EXPECT_EQ(block_names(ThreeLayers()), (std::vector<std::string>{"a", "b"}));
}

TEST(Denoiser, RolesHaveNames) {
  EXPECT_EQ(role_name(Role::kEncoder), "encoder");
  EXPECT_EQ(role_name(Role::kBottleneck), "bottleneck");
  EXPECT_EQ(role_name(Role::kDecoder), "decoder");
}

}  // namespace
}  // namespace fdbench
