#include "results/checksum_line.h"

#include <fstream>

#include "core/error.h"
#include "core/hash.h"
#include "io/file_mapping.h"

namespace fdbench {
namespace {

std::string mark_of(std::string_view what) {
  return "\nfdbench " + std::string(what) + " checksum ";
}

std::string_view bytes_of(const FileMapping& file) {
  return {reinterpret_cast<const char*>(file.data()), file.size()};
}

}  // namespace

std::string checksum_line(std::string_view what, std::string_view bytes) {
  return mark_of(what) + content_hash(bytes) + "\n";
}

std::size_t checksum_line_size(std::string_view what) { return checksum_line(what, "").size(); }

Wholeness wholeness(std::string_view what, std::string_view bytes) {
  const std::size_t size = checksum_line_size(what);
  if (bytes.size() < size) return Wholeness::kUnknown;
  const std::string_view line = bytes.substr(bytes.size() - size);
  if (!line.starts_with(mark_of(what))) return Wholeness::kUnknown;
  const bool fits = line == checksum_line(what, bytes.substr(0, bytes.size() - size));
  return fits ? Wholeness::kWhole : Wholeness::kDamaged;
}

void append_checksum(const std::filesystem::path& path, std::string_view what) {
  const std::string line = checksum_line(what, bytes_of(FileMapping(path)));
  std::ofstream file(path, std::ios::binary | std::ios::app);
  file << line << std::flush;
  if (!file) throw runtime_error(Place{path.string()}, "cannot write its checksum");
}

}  // namespace fdbench
