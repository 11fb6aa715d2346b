#include "denoisers/slowed_denoiser.h"

#include <gtest/gtest.h>

#include "core/processor_time.h"
#include "models/tiny_models.h"
#include "models/unet_2d_condition.h"
#include "nn/random_weights.h"

namespace fdbench {
namespace {

std::unique_ptr<Denoiser> tiny_unet() {
  RandomWeights weights;
  return make_unet_2d_condition(tiny_unet_config(), weights, nullptr, "c");
}

TEST(SlowedDecoder, DrawsTheSameAndTakesItsTime) {
  const auto plain = tiny_unet(), slow = slow_decoder(tiny_unet(), 3);
  const at::Tensor sample = noise({1, 4, 8, 8}), timestep = at::tensor({500});
  const Conditioning text{{"encoder_hidden_states", noise({1, 5, 6}, 2)}};
  EXPECT_TRUE(
      at::equal(forward(*plain, sample, timestep, text), forward(*slow, sample, timestep, text)));
  const auto seconds_of_decoder = [&](const Denoiser& denoiser) {
    double seconds = 0, last = thread_processor_seconds();
    forward(denoiser, sample, timestep, text, [&](int layer, const Value&) {
      const double now = thread_processor_seconds();
      if (denoiser.layers()[layer].part == parts::kDecoder) seconds += now - last;
      last = now;
    });
    return seconds;
  };
  EXPECT_GT(seconds_of_decoder(*slow), 1.5 * seconds_of_decoder(*plain));
}

}  // namespace
}  // namespace fdbench
