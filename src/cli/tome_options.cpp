#include "cli/tome_options.h"

#include <string>

#include "cli/plain_options.h"
#include "config/tome_config.h"

namespace fdbench {

namespace {

constexpr std::int64_t kMost = 1'000'000;

/// --tome-ratio as `tome:` of a config takes it, maps aside.
double ratio_of(const std::string& text) {
  const ConfigTree tree = parse_argument(text, "--tome-ratio");
  const ConfigValue value(tree, "--tome-ratio");
  value.number();
  return read_tome(value, {}).ratio;
}

}  // namespace

void add_tome_options(CLI::App& command, TokenMerging& merging) {
  CLI::Option* ratio = add_plain_option(
      command, "--tome-ratio", merging.ratio,
      "Token merging: share of a feature map's tokens that others take in (default: 0, off)",
      ratio_of);
  const auto number = [&](const std::string& name, std::int64_t& target, const std::string& help) {
    add_whole_number(command, name, target, help, 1, kMost)->needs(ratio)->capture_default_str();
  };
  const auto flag = [&](const std::string& name, bool& target, bool value,
                        const std::string& help) {
    command
        .add_flag_callback(
            name, [&target, value] { target = value; }, help)
        ->needs(ratio);
  };
  number("--tome-sx", merging.sx, "Token merging: columns of a window");
  number("--tome-sy", merging.sy, "Token merging: rows of a window");
  number("--tome-max-downsample", merging.max_downsample,
         "Token merging: feature maps that are deeper are left alone: 1, 2, 4 or 8");
  flag("--tome-no-rand", merging.use_rand, false,
       "Token merging: into the top left token of a window, not into a random one");
  flag("--tome-no-merge-attn", merging.merge_attn, false,
       "Token merging: not around the self-attention");
  flag("--tome-merge-crossattn", merging.merge_crossattn, true,
       "Token merging: around the attention to the text too");
  flag("--tome-merge-mlp", merging.merge_mlp, true, "Token merging: around the feed-forward too");
}

}  // namespace fdbench
