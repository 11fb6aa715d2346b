#include "io/picture_file.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "io/jpeg.h"
#include "io/png.h"

namespace fdbench {
namespace {

std::string ending_of(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return ending;
}

}  // namespace

bool is_picture_name(const std::filesystem::path& path) {
  const std::string ending = ending_of(path);
  return ending == ".png" || ending == ".jpg" || ending == ".jpeg";
}

at::Tensor load_picture(const std::filesystem::path& path) {
  return ending_of(path) == ".png" ? load_png(path) : load_jpeg(path);
}

}  // namespace fdbench
