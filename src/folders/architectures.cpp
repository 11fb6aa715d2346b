#include "folders/architectures.h"

#include <algorithm>

#include "core/error.h"

namespace fdbench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kShelf = "models/architectures";

/// `start`/models/architectures, or that of the nearest folder above; "" when there is none.
fs::path shelf_above(fs::path start) {
  std::error_code ignored;
  while (!start.empty()) {
    if (fs::is_directory(start / kShelf, ignored)) return start / kShelf;
    if (start == start.parent_path()) break;
    start = start.parent_path();
  }
  return {};
}

fs::path shelf() {
  std::error_code ignored;
  const fs::path here = fs::current_path(ignored);
  if (fs::path found = shelf_above(here); !found.empty()) return found.lexically_relative(here);
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  if (fs::path found = shelf_above(program.parent_path()); !found.empty()) return found;
  throw usage_error(std::string(kShelf) +
                    ": not in this folder or the program's, nor in any above them; "
                    "start fdbench from its source folder");
}

std::vector<std::string> names_on(const fs::path& shelf) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(shelf)) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

std::vector<std::string> architecture_names() { return names_on(shelf()); }

ModelFolder open_architecture(const std::string& name, std::uint64_t seed) {
  const fs::path folder = shelf();
  const std::vector<std::string> names = names_on(folder);
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    throw usage_error("architecture '" + name + "' is not known" + advice(name, names));
  }
  return ModelFolder(folder / name, seed);
}

ModelFolder open_model(const ModelSource& source) {
  ModelFolder folder = open_any_model(source);
  folder.part_path("unet");
  return folder;
}

ModelFolder open_any_model(const ModelSource& source) {
  if (source.architecture.empty() == source.folder.empty()) {
    throw usage_error(source.folder.empty()
                          ? "no model: give MODEL_DIR, or --architecture sd15 for random weights"
                          : "MODEL_DIR and --architecture are both given: only one can be used");
  }
  if (!source.folder.empty()) {
    return ModelFolder(source.folder, source.variant, source.additions);
  }
  if (!source.additions.empty()) {
    throw usage_error(
        "weights of one's own (LoRA, Custom Diffusion, embedding, UNet) need a MODEL_DIR: random "
        "weights take none");
  }
  if (!source.variant.empty())
    throw usage_error("a variant needs a MODEL_DIR: random weights have none");
  return open_architecture(source.architecture, source.seed);
}

}  // namespace fdbench
