#include "plan/variant.h"

#include "core/error.h"

namespace fdbench {
namespace {

constexpr const char* kPaperName = "paper";
constexpr const char* kAuthorsName = "authors";

}  // namespace

Variant parse_variant(const std::string& name) {
  if (name == kPaperName) return Variant::kPaper;
  if (name == kAuthorsName) return Variant::kAuthors;
  throw usage_error("variant '" + name + "' is not known" + advice(name, variant_names()));
}

std::string variant_name(Variant variant) {
  return variant == Variant::kPaper ? kPaperName : kAuthorsName;
}

std::vector<std::string> variant_names() { return {kPaperName, kAuthorsName}; }

}  // namespace fdbench
