#include "config/latent_config.h"

#include "core/plain_scalar.h"

namespace fdbench {
namespace {

constexpr std::int64_t kLargestSide = 4096;
constexpr const char* kOption = "--latent";

}  // namespace

LatentSize read_latent(const ConfigValue& value) {
  if (value.is_scalar()) {
    const std::string text = value.text();
    const std::size_t cross = text.starts_with("0x") ? std::string::npos : text.find('x');
    if (cross == std::string::npos) {
      const std::int64_t side = value.integer(1, kLargestSide);
      return {side, side};
    }
    const auto side = [&](const std::string& digits) {
      const auto whole = plain_whole_number(digits, 1, kLargestSide);
      if (whole.fault.empty()) return whole.value;
      throw value.error("'" + value.path() + "' is '" + text + "': a side " + whole.fault +
                        "; write a side such as 64, or HEIGHTxWIDTH such as 96x64");
    };
    return {side(text.substr(0, cross)), side(text.substr(cross + 1))};
  }
  const std::vector<ConfigValue> sides = value.list();
  if (sides.size() != 2) {
    throw value.error("'" + value.path() + "' is one side, [height, width] or HEIGHTxWIDTH");
  }
  return {sides[0].integer(1, kLargestSide), sides[1].integer(1, kLargestSide)};
}

LatentSize latent_option(const std::string& text) {
  const ConfigTree tree = parse_argument(text, kOption);
  return read_latent(ConfigValue(tree, kOption));
}

}  // namespace fdbench
