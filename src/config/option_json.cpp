#include "config/option_json.h"

#include "core/plain_scalar.h"
#include "io/json_text.h"

namespace fdbench {
namespace {

nlohmann::json scalar_json(const std::string& text) {
  if (is_plain_whole_number(text)) {
    const auto whole = plain_whole_number(text);
    if (whole.fault.empty()) return whole.value;
  }
  if (is_plain_number(text)) return plain_number_value(text);
  const auto truth = plain_truth(text);
  if (truth.fault.empty()) return truth.value;
  if (text == "NaN" || text == "Infinity" || text == "-Infinity") return parse_json(text);
  return text;
}

}  // namespace

nlohmann::json option_json(const ConfigTree& tree) {
  nlohmann::json json;
  switch (tree.kind) {
    case ConfigTree::Kind::kNull:
      break;
    case ConfigTree::Kind::kScalar:
      json = tree.quoted ? nlohmann::json(tree.scalar) : scalar_json(tree.scalar);
      break;
    case ConfigTree::Kind::kList:
      json = nlohmann::json::array();
      for (const ConfigTree& item : tree.items) json.push_back(option_json(item));
      break;
    case ConfigTree::Kind::kMap:
      json = nlohmann::json::object();
      for (const ConfigTree::Entry& entry : tree.entries) {
        json[entry.key] = option_json(entry.value);
      }
      break;
  }
  return json;
}

}  // namespace fdbench
