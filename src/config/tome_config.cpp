#include "config/tome_config.h"

#include <nlohmann/json.hpp>

namespace fdbench {
namespace {

double read_ratio(const ConfigValue& value) {
  const double ratio = value.number();
  if (ratio >= 0 && ratio < 1) return ratio;
  throw value.error("'" + value.path() + "' is " + value.text() +
                    "; it must be at least 0 and below 1");
}

TokenMerging read_map(ConfigMap map, TokenMerging merging) {
  if (!merging.on()) merging.ratio = kUsualMergeRatio;
  if (map.has("ratio")) merging.ratio = read_ratio(map.at("ratio"));
  const auto number = [&map](const char* key, std::int64_t& target) {
    if (map.has(key)) target = map.at(key).integer(1);
  };
  const auto truth = [&map](const char* key, bool& target) {
    if (map.has(key)) target = map.at(key).truth();
  };
  number("sx", merging.sx);
  number("sy", merging.sy);
  number("max_downsample", merging.max_downsample);
  truth("use_rand", merging.use_rand);
  truth("merge_attn", merging.merge_attn);
  truth("merge_crossattn", merging.merge_crossattn);
  truth("merge_mlp", merging.merge_mlp);
  map.finish();
  return merging;
}

}  // namespace

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
  const nlohmann::ordered_json json = {{"sx", merging.sx},
                                       {"sy", merging.sy},
                                       {"max_downsample", merging.max_downsample},
                                       {"use_rand", merging.use_rand},
                                       {"merge_attn", merging.merge_attn},
                                       {"merge_crossattn", merging.merge_crossattn},
                                       {"merge_mlp", merging.merge_mlp}};
  return json.dump();
}

}  // namespace fdbench
