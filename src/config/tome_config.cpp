#include "config/tome_config.h"

#include <nlohmann/json.hpp>

#include "core/number_text.h"

namespace fdbench {
namespace {

constexpr const char* kRatio = "ratio";

double read_ratio(const ConfigValue& value) {
  const double ratio = value.number();
  if (ratio >= 0 && ratio < 1) return ratio;
  throw value.error("'" + value.path() + "' is " + value.text() +
                    "; it must be at least 0 and below 1");
}

void read_member(const ConfigValue& value, std::int64_t& member) { member = value.integer(1); }
void read_member(const ConfigValue& value, bool& member) { member = value.truth(); }

std::string value_text(std::int64_t) { return "whole number, at least 1"; }
std::string value_text(bool) { return "true or false"; }

TokenMerging read_map(ConfigMap map, TokenMerging merging) {
  if (!merging.on()) merging.ratio = kUsualMergeRatio;
  if (map.has(kRatio)) merging.ratio = read_ratio(map.at(kRatio));
  for (const TomeOption& option : tome_options()) {
    if (!map.has(option.name)) continue;
    const ConfigValue value = map.at(option.name);
    std::visit([&](auto member) { read_member(value, merging.*member); }, option.member);
  }
  map.finish();
  return merging;
}

}  // namespace

std::span<const TomeOption> tome_options() {
  static const std::vector<TomeOption> options = {
      {"sx", &TokenMerging::sx, "--tome-sx", "columns of a window"},
      {"sy", &TokenMerging::sy, "--tome-sy", "rows of a window"},
      {"max_downsample", &TokenMerging::max_downsample, "--tome-max-downsample",
       "feature maps that are deeper are left alone: 1, 2, 4 or 8"},
      {"use_rand", &TokenMerging::use_rand, "--tome-no-rand",
       "into a random token of a window, else into its top left one",
       "into the top left token of a window, not into a random one"},
      {"merge_attn", &TokenMerging::merge_attn, "--tome-no-merge-attn", "around the self-attention",
       "not around the self-attention"},
      {"merge_crossattn", &TokenMerging::merge_crossattn, "--tome-merge-crossattn",
       "around the attention to the text too"},
      {"merge_mlp", &TokenMerging::merge_mlp, "--tome-merge-mlp", "around the feed-forward too"},
  };
  return options;
}

std::vector<KeyInfo> tome_keys() {
  std::vector<KeyInfo> infos = {{kRatio, "number, at least 0 and below 1",
                                 number_text(kUsualMergeRatio),
                                 "share of a feature map's tokens that others take in"}};
  for (const TomeOption& option : tome_options()) {
    std::visit(
        [&](auto member) {
          const auto initial = TokenMerging().*member;
          infos.push_back(
              {option.name, value_text(initial), nlohmann::json(initial).dump(), option.help});
        },
        option.member);
  }
  return infos;
}

TokenMerging read_tome(const ConfigValue& value, TokenMerging merging) {
  if (value.is_map()) {
    merging = read_map(ConfigMap(value), merging);
  } else {
    merging.ratio = read_ratio(value);
  }
  at_place(value, [&] { check_token_merging(merging); });
  return merging;
}

std::string tome_options_text(const TokenMerging& merging) {
  if (!merging.on()) return "";
  nlohmann::ordered_json json;
  for (const TomeOption& option : tome_options()) {
    std::visit([&](auto member) { json[option.name] = merging.*member; }, option.member);
  }
  return json.dump();
}

}  // namespace fdbench
