#include "results/foreign_file.h"

#include <algorithm>
#include <cctype>
#include <fstream>

#include "core/error.h"

namespace fdbench {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n"sv;
/// [bytes]; a user block before the signature is as long.
constexpr std::size_t kBeginning = 512;

struct Magic {
  std::string_view bytes;
  const char* kind;
};
constexpr Magic kMagics[] = {
    {"version https://git-lfs"sv, "a pointer of Git LFS, not the file itself: `git lfs pull`"},
    {"PK\x03\x04"sv, "an .npz or other zip archive"},
    {"\x93NUMPY"sv, "an .npy array"},
    {"\x89PNG"sv, "a PNG picture"},
    {"\xff\xd8\xff"sv, "a JPEG picture"},
    {"GIF8"sv, "a GIF picture"},
    {"II*\0"sv, "a TIFF picture"},
    {"MM\0*"sv, "a TIFF picture"},
    {"\x1f\x8b"sv, "a gzip archive: unpack it"},
    {"SQLite format 3"sv, "an SQLite database"},
    {"%PDF"sv, "a PDF document"},
    {"\x7f\x45LF"sv, "a program"},
    {"CDF\x01"sv, "a NetCDF 3 file"}};

bool is_html(std::string_view bytes) {
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return false;
  std::string head(bytes.substr(first, 14));
  std::transform(head.begin(), head.end(), head.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return head.starts_with("<!doctype html") || head.starts_with("<html");
}

/// Eight bytes with the length of a header, then the header: JSON.
bool is_safetensors(std::string_view bytes) {
  return bytes.size() > 9 && bytes[8] == '{' && bytes.substr(6, 2) == "\0\0"sv;
}

bool is_text(std::string_view bytes) {
  return std::none_of(bytes.begin(), bytes.end(), [](unsigned char letter) {
    return letter == 0x7f || (letter < ' ' && letter != '\n' && letter != '\r' && letter != '\t');
  });
}

/// HDF5 allows a user block of 512, 1024, ... bytes before its own.
bool has_signature(std::ifstream& file) {
  for (std::streamoff place = 0; file; place = place == 0 ? kBeginning : 2 * place) {
    std::string bytes(kSignature.size(), '\0');
    file.seekg(place);
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (file && bytes == kSignature) return true;
  }
  return false;
}

}  // namespace

std::string kind_of_bytes(std::string_view beginning) {
  for (const Magic& magic : kMagics) {
    if (beginning.starts_with(magic.bytes)) return magic.kind;
  }
  if (is_html(beginning)) return "an HTML page, not the file itself: download it again";
  if (is_safetensors(beginning)) return "a safetensors file";
  return !beginning.empty() && is_text(beginning) ? "a text" : "";
}

void check_is_hdf5(const std::filesystem::path& path) {
  const Place place{path.string()};
  std::ifstream file(path, std::ios::binary);
  if (!file) throw usage_error(place, "cannot be read");
  if (has_signature(file)) return;
  file.clear();
  file.seekg(0);
  std::string bytes(kBeginning, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  constexpr const char* kWanted = "; a result file of `fdbench run` (HDF5) is wanted";
  if (bytes.empty()) throw usage_error(place, std::string("is empty") + kWanted);
  const std::string kind = kind_of_bytes(bytes);
  throw usage_error(place, (kind.empty() ? "is no HDF5 file" : "is " + kind) + kWanted);
}

}  // namespace fdbench
