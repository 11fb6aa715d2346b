// Any bytes as a LoRA, as Custom Diffusion's weights, as a learned word, and merged with a layer.
#include "folders/custom_diffusion_file.h"
#include "folders/embedding_file.h"
#include "folders/lora_file.h"
#include "folders/weight_changes.h"
#include "fuzz/fuzz_input.h"

namespace fdbench {
namespace {

constexpr std::int64_t kMost = 1 << 16;

void merge(const LoraLayer& layer) {
  TensorChange change;
  change.added.push_back({layer.down, layer.up, layer.mid, layer.scale});
  const std::vector<std::int64_t> shape = change_shape(change.added[0], {1, 1});
  std::int64_t count = 1;
  for (const std::int64_t side : shape) {
    if (side > kMost || count > kMost) return;
    count *= side;
  }
  if (count <= kMost) changed(at::zeros(shape), change);
}

}  // namespace
}  // namespace fdbench

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fdbench;
  const auto path = fuzz_folder().write("a.safetensors", std::string(fuzz_bytes(data, size)));
  read_untrusted([&] {
    for (const LoraLayer& layer : read_lora(path)) merge(layer);
  });
  read_untrusted([&] { read_custom_diffusion(path); });
  const WeightAddition word{AdditionKind::kEmbedding, path, 1, "<a>"};
  for (const bool two : {false, true}) {
    read_untrusted([&] { read_embedding(word, two); });
  }
  return 0;
}
