#include "io/stand_in.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace fdbench {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLfsPointer = "version https://git-lfs.github.com/spec/";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
/// [bytes] looked at.
constexpr std::size_t kLongestStart = 64;

/// Without byte order mark and white space at its start, in small letters.
std::string page_start(std::string_view head) {
  if (head.starts_with(kByteOrderMark)) head.remove_prefix(kByteOrderMark.size());
  const std::size_t first = head.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return "";
  std::string start(head.substr(first, kLongestStart));
  std::transform(start.begin(), start.end(), start.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return start;
}

/// The part of `path` that is a link to nothing; "" when there is none.
fs::path dangling_link(const fs::path& path) {
  std::error_code ignored;
  fs::path walked;
  for (const fs::path& part : path) {
    walked /= part;
    if (fs::is_symlink(walked, ignored) && !fs::exists(walked, ignored)) return walked;
  }
  return {};
}

}  // namespace

void refuse_stand_in(const fs::path& path, std::string_view head) {
  if (head.starts_with(kLfsPointer)) {
    throw usage_error({path.string()},
                      "is a pointer of Git LFS, not the file itself: fetch it with `git lfs pull` "
                      "in its repository (`git lfs install` first)");
  }
  const std::string start = page_start(head);
  for (const char* page : {"<!doctype html", "<html", "<head", "<?xml", "<!-- "}) {
    if (!start.starts_with(page)) continue;
    throw usage_error(
        {path.string()},
        "is a web page (HTML or XML), not the file itself: the download got an answer "
        "of the server in its place; download it again (for a model of the Hugging "
        "Face Hub: `hf download NAME --local-dir FOLDER`, after `hf auth login` where "
        "it asks for one)");
  }
}

Error missing_file(const fs::path& path) {
  std::error_code ignored;
  const fs::path link = dangling_link(path);
  if (link.empty()) return usage_error({path.string()}, "does not exist");
  return usage_error({link.string()},
                     "is a link to " + fs::read_symlink(link, ignored).string() +
                         ", where there is nothing: copy a folder of links with `cp -rL`, or "
                         "download the file again");
}

}  // namespace fdbench
