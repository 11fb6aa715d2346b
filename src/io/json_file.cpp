#include "io/json_file.h"

#include <fstream>
#include <iterator>
#include <string>

#include "core/error.h"
#include "io/json_text.h"
#include "io/stand_in.h"
#include "io/text_file.h"

namespace fdbench {

nlohmann::json read_json(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) throw missing_file(path);
  if (!std::filesystem::is_regular_file(path)) throw usage_error({path.string()}, "is not a file");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw usage_error({path.string()}, "cannot be read");
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  refuse_stand_in(path, bytes);
  return parse_json(utf8_text(bytes, path.string()), path.string());
}

}  // namespace fdbench
