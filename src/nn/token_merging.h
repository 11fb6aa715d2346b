// Token merging (ToMe, Bolya et al. 2023) for diffusion models (ToMe for SD, Bolya and Hoffman
// 2023): options and the arithmetic of a token grid. Reference of the behaviour: tomesd 0.1.3.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace fdbench {

/// What is merged, by tomesd's names and with its defaults; only the ratio is 0 (off) here where
/// tomesd's default is `kUsualMergeRatio`.
struct TokenMerging {
  /// Share of a feature map's tokens that others take in, [0, 1); at most those that are not a
  /// destination: 1 - 1 / (sx * sy).
  double ratio = 0;
  /// One token of each window of sy rows and sx columns takes in.
  std::int64_t sx = 2, sy = 2;
  /// 1, 2, 4 or 8: deeper feature maps are left alone.
  std::int64_t max_downsample = 1;
  /// Which one of a window is drawn at random; else its top left one.
  bool use_rand = true;
  /// Around the self-attention.
  bool merge_attn = true;
  /// Around the attention to the text.
  bool merge_crossattn = false;
  /// Around the feed-forward.
  bool merge_mlp = false;

  bool on() const { return ratio > 0; }
  bool operator==(const TokenMerging&) const = default;
};

inline constexpr double kUsualMergeRatio = 0.5;

/// Throws a usage error that names the option that cannot be.
void check_token_merging(const TokenMerging& merging);

/// The options with what the random choice starts from.
struct SeededTokenMerging {
  TokenMerging options;
  /// With use_rand one a batch entry, or fewer, which stand for their repetition as in
  /// kernels/batch.h.
  std::vector<std::uint64_t> seeds;
};

/// The tokens of one feature map that is merged.
struct MergeGrid {
  TokenMerging options;
  /// In tokens.
  std::int64_t height = 0, width = 0;
  /// Tokens that others take in, above 0.
  std::int64_t merged = 0;

  std::int64_t tokens() const { return height * width; }
  std::int64_t destinations() const { return (height / options.sy) * (width / options.sx); }
  std::int64_t sources() const { return tokens() - destinations(); }
  /// Tokens that are left after merging.
  std::int64_t left() const { return tokens() - merged; }
};

/// The grid of a height x width feature map of a latent with `latent_pixels`; none where nothing is
/// merged: ratio 0 or too small for one token, or a downsample above max_downsample. As in tomesd
/// the downsample is ceil(sqrt(latent pixels / tokens)), the quotient rounded down. Throws a usage
/// error when no window fits into the map.
std::optional<MergeGrid> merge_grid(const TokenMerging& merging, std::int64_t latent_pixels,
                                    std::int64_t height, std::int64_t width);

/// Places of the windows' destinations in raster order, [destinations()]. seed: of the random
/// choice, not read without use_rand.
std::vector<std::int64_t> destination_tokens(const MergeGrid& grid, std::uint64_t seed);

/// Each seed mixed with a number.
std::vector<std::uint64_t> mixed_seeds(std::vector<std::uint64_t> seeds, std::uint64_t number);

}  // namespace fdbench
