// Reading of weights and writing of results; the page cache is warm.
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>
#include <unistd.h>

#include <filesystem>

#include "benchmark_setup.h"
#include "io/safetensors.h"
#include "io/weights.h"
#include "results/hdf5.h"

namespace {

using namespace fdbench;
namespace fs = std::filesystem;

constexpr std::int64_t kTensors = 16, kRows = 2048, kColumns = 2048;  // 16 MiB each in float32
constexpr std::int64_t kPictures = 64, kChannels = 256, kSide = 32;   // 64 MiB of features

/// A folder that goes with the program.
class TemporaryFolder {
 public:
  TemporaryFolder()
      : path_(fs::temp_directory_path() / ("fdbench_files_" + std::to_string(getpid()))) {
    fs::create_directories(path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

const fs::path& folder() {
  static const TemporaryFolder instance;
  return instance.path();
}

/// 256 MiB of float32 weights.
const fs::path& weights_file() {
  static const fs::path path = [] {
    std::map<std::string, at::Tensor> tensors;
    for (std::int64_t i = 0; i < kTensors; ++i) {
      tensors["layer." + std::to_string(i)] = random_tensor({kRows, kColumns});
    }
    const fs::path file = folder() / "weights.safetensors";
    save_safetensors(file, tensors);
    return file;
  }();
  return path;
}

/// Argument: the dtype that the weights are turned into.
void safetensors_load(benchmark::State& state) {
  const c10::InferenceMode inference;
  const at::ScalarType dtype = dtype_argument(state, 0);
  const fs::path& path = weights_file();
  for (auto _ : state) {
    SafetensorsWeights weights({SafetensorsFile(path)}, dtype, at::kCPU);
    std::vector<at::Tensor> taken;
    for (std::int64_t i = 0; i < kTensors; ++i) {
      taken.push_back(weights.take("layer." + std::to_string(i), {kRows, kColumns}));
    }
    benchmark::DoNotOptimize(taken.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(fs::file_size(path)));
}

/// Features of pictures in chunks of one picture, with compression (as in a result file) or
/// without.
void hdf5_write(benchmark::State& state, bool compressed) {
  const c10::InferenceMode inference;
  const at::Tensor features = random_tensor({kPictures, kChannels, kSide, kSide});
  ArrayLayout layout{at::kFloat, features.sizes().vec(), {}, 0};
  if (compressed) layout.chunk = {1, kChannels, kSide, kSide};
  const fs::path path = folder() / "results.h5";
  for (auto _ : state) {
    Hdf5File file = Hdf5File::create(path);
    file.create_array("features", layout);
    for (std::int64_t i = 0; i < kPictures; ++i) file.write("features", {i}, features[i]);
    file.close();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(features.nbytes()));
}

}  // namespace

BENCHMARK(safetensors_load)
    ->ArgName("dtype")
    ->Arg(kFloat32Argument)
    ->Arg(kBFloat16Argument)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(hdf5_write, contiguous, false)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(hdf5_write, compressed, true)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_MAIN();
