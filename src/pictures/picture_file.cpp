#include "pictures/picture_file.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <fstream>
#include <string_view>

#include "io/file_mapping.h"
#include "pictures/jpeg.h"
#include "pictures/png.h"
#include "pictures/tiff.h"
#include "pictures/webp.h"

namespace fdbench {
namespace {

namespace fs = std::filesystem;
using namespace std::string_view_literals;

struct Reader {
  const char* kind;
  at::Tensor (*load)(const fs::path& path);
  PixelSize (*size)(const fs::path& path);
  bool (*is_transparent)(const fs::path& path);
};

/// JPEG knows no alpha.
bool is_never(const fs::path&) { return false; }

constexpr std::array kReaders = {Reader{"PNG", load_png, png_size, png_is_transparent},
                                 Reader{"JPEG", load_jpeg, jpeg_size, is_never},
                                 Reader{"WebP", load_webp, webp_size, webp_is_transparent},
                                 Reader{"TIFF", load_tiff, tiff_size, tiff_is_transparent}};

/// How files of a kind begin, from `offset` on.
struct Signature {
  const char* kind;
  std::size_t offset;
  std::string_view bytes;
};
constexpr std::array kSignatures = {Signature{"PNG", 0, "\x89PNG\r\n\x1a\n"sv},
                                    Signature{"JPEG", 0, "\xff\xd8\xff"sv},
                                    Signature{"WebP", 8, "WEBP"sv},
                                    Signature{"TIFF", 0, "II*\0"sv},
                                    Signature{"TIFF", 0, "MM\0*"sv},
                                    Signature{"TIFF", 0, "II+\0"sv},
                                    Signature{"TIFF", 0, "MM\0+"sv},
                                    Signature{"GIF", 0, "GIF8"sv},
                                    Signature{"BMP", 0, "BM"sv},
                                    Signature{"AVIF", 4, "ftypavi"sv},
                                    Signature{"HEIF", 4, "ftyphei"sv},
                                    Signature{"HEIF", 4, "ftypmif1"sv},
                                    Signature{"JPEG XL", 0, "\xff\x0a"sv},
                                    Signature{"JPEG XL", 4, "JXL \r\n"sv},
                                    Signature{"JPEG 2000", 4, "jP  \r\n"sv}};
constexpr std::size_t kFirstBytes = 16;

constexpr std::array kEndings = {".png"sv,  ".jpg"sv,  ".jpeg"sv, ".jpe"sv, ".jfif"sv,
                                 ".webp"sv, ".tif"sv,  ".tiff"sv, ".gif"sv, ".bmp"sv,
                                 ".avif"sv, ".heic"sv, ".jxl"sv,  ".jp2"sv, ".apng"sv};

const Reader& reader_of(const fs::path& path) {
  const std::string kind = picture_kind(path);
  for (const Reader& reader : kReaders) {
    if (reader.kind == kind) return reader;
  }
  std::error_code ignored;
  if (kind.empty() && fs::file_size(path, ignored) == 0 && !ignored) {
    throw runtime_error({path.string()}, "is not a picture: the file is empty");
  }
  // Says what stands in a picture's place.
  if (kind.empty()) FileMapping{path};
  throw runtime_error({path.string()},
                      kind.empty()
                          ? "is not a picture: it begins neither as PNG, JPEG, WebP nor TIFF"
                          : "is a " + kind + " file; PNG, JPEG, WebP and TIFF are read");
}

}  // namespace

std::string picture_kind(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw usage_error({path.string()}, std::string("cannot be read: ") + strerror(errno));
  std::array<char, kFirstBytes> first{};
  file.read(first.data(), first.size());
  const std::string_view bytes(first.data(), static_cast<std::size_t>(file.gcount()));
  for (const Signature& signature : kSignatures) {
    if (bytes.size() > signature.offset &&
        bytes.substr(signature.offset).starts_with(signature.bytes)) {
      return signature.kind;
    }
  }
  return "";
}

bool can_be_read(const std::string& kind) {
  return std::any_of(kReaders.begin(), kReaders.end(),
                     [&](const Reader& reader) { return reader.kind == kind; });
}

bool is_picture_name(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

at::Tensor load_picture(const fs::path& path) { return reader_of(path).load(path); }

bool is_transparent(const fs::path& path) { return reader_of(path).is_transparent(path); }

PixelSize picture_size(const fs::path& path) { return reader_of(path).size(path); }

}  // namespace fdbench
