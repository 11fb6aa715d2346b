#include "nn/token_merging.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/error.h"
#include "core/random.h"

namespace fdbench {
namespace {

/// Tokens along a side.
constexpr std::int64_t kMostWindow = 64;

void check_stride(const std::string& name, std::int64_t stride) {
  if (stride >= 1 && stride <= kMostWindow) return;
  throw usage_error("token merging: " + name + " is " + std::to_string(stride) +
                    "; it must be a whole number from 1 to " + std::to_string(kMostWindow));
}

std::string size_text(std::int64_t rows, std::int64_t columns) {
  return std::to_string(rows) + "x" + std::to_string(columns);
}

}  // namespace

void check_token_merging(const TokenMerging& merging) {
  if (!(merging.ratio >= 0 && merging.ratio < 1)) {
    throw usage_error("token merging: ratio is " + std::to_string(merging.ratio) +
                      "; it must be at least 0 and below 1");
  }
  check_stride("sx", merging.sx);
  check_stride("sy", merging.sy);
  const std::int64_t downsample = merging.max_downsample;
  if (downsample != 1 && downsample != 2 && downsample != 4 && downsample != 8) {
    throw usage_error("token merging: max_downsample is " + std::to_string(downsample) +
                      "; it must be 1, 2, 4 or 8");
  }
  if (!merging.on()) return;
  if (merging.sx * merging.sy == 1) {
    throw usage_error(
        "token merging: with sx 1 and sy 1 every token is a destination and none can be merged");
  }
  if (!merging.merge_attn && !merging.merge_crossattn && !merging.merge_mlp) {
    throw usage_error(
        "token merging: merge_attn, merge_crossattn and merge_mlp are all false, so nothing is "
        "merged");
  }
}

std::optional<MergeGrid> merge_grid(const TokenMerging& merging, std::int64_t latent_pixels,
                                    std::int64_t height, std::int64_t width) {
  if (!merging.on()) return std::nullopt;
  MergeGrid grid{merging, height, width, 0};
  // Rounded down, as tomesd's `//` does.
  const std::int64_t pixels_of_a_token = latent_pixels / grid.tokens();
  const double downsample = std::ceil(std::sqrt(static_cast<double>(pixels_of_a_token)));
  if (downsample > static_cast<double>(merging.max_downsample)) {
    return std::nullopt;
  }
  const auto wanted = static_cast<std::int64_t>(static_cast<double>(grid.tokens()) * merging.ratio);
  if (wanted == 0) return std::nullopt;
  if (grid.destinations() == 0) {
    throw usage_error("token merging: no window of " + size_text(merging.sy, merging.sx) +
                      " tokens (sy x sx) fits into a feature map of " + size_text(height, width) +
                      "; smaller sy, sx or max_downsample, or a larger latent");
  }
  grid.merged = std::min(grid.sources(), wanted);
  return grid;
}

std::vector<std::int64_t> destination_tokens(const MergeGrid& grid, std::uint64_t seed) {
  const std::int64_t sx = grid.options.sx, sy = grid.options.sy;
  std::vector<std::int64_t> tokens;
  for (std::int64_t row = 0; row < grid.height / sy; ++row) {
    for (std::int64_t column = 0; column < grid.width / sx; ++column) {
      std::int64_t chosen = 0;
      if (grid.options.use_rand) {
        chosen = static_cast<std::int64_t>(mixed_seed(seed, tokens.size()) %
                                           static_cast<std::uint64_t>(sx * sy));
      }
      tokens.push_back((row * sy + chosen / sx) * grid.width + column * sx + chosen % sx);
    }
  }
  std::sort(tokens.begin(), tokens.end());
  return tokens;
}

std::vector<std::uint64_t> mixed_seeds(std::vector<std::uint64_t> seeds, std::uint64_t number) {
  for (std::uint64_t& seed : seeds) seed = mixed_seed(seed, number);
  return seeds;
}

}  // namespace fdbench
