#include "judging/picture_folder.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <string_view>

#include "core/error.h"
#include "core/notes.h"
#include "io/natural_order.h"
#include "pictures/picture_file.h"

namespace fdbench {
namespace {

namespace fs = std::filesystem;

/// Files of one sort that are left out: how many, and the first of them.
struct LeftOut {
  const char* one;
  const char* many;
  std::int64_t count = 0;
  std::string first = {};

  void add(const std::string& name) {
    if (count++ == 0 || naturally_before(name, first)) first = name;
  }
  std::string text() const {
    return std::to_string(count) + " " + (count == 1 ? one : many) + " (" +
           (count == 1 ? "" : "such as ") + first + ")";
  }
};

/// What systems leave in folders beside hidden files.
bool is_systems(const std::string& name) {
  return name.starts_with('.') || name == "Thumbs.db" || name == "desktop.ini" ||
         name == "__MACOSX";
}

class Walk {
 public:
  Walk(const fs::path& folder, bool recursive) : folder_(folder), recursive_(recursive) {
    visit(folder, "");
    const auto order = [](const std::string& a, const std::string& b) {
      return naturally_before(a, b);
    };
    std::sort(names_.begin(), names_.end(), order);
  }

  std::vector<std::string> take() {
    const std::string left_out = text();
    const Place place{folder_.string()};
    if (names_.empty()) {
      throw usage_error(place, "the folder holds no pictures (PNG, JPEG, WebP, TIFF)" +
                                   (left_out.empty() ? ": it is empty" : ", but " + left_out));
    }
    if (hidden_.count > 0 && left_out == hidden_.text()) {
      say_note(place, "left out: " + left_out);
    } else if (!left_out.empty()) {
      say_warning(place, "left out: " + left_out);
    }
    return std::move(names_);
  }

 private:
  void visit(const fs::path& folder, const std::string& prefix) {
    std::error_code error;
    const fs::path real = fs::canonical(folder, error);
    // A link to a folder above.
    if (!error && !visited_.insert(real).second) return;
    fs::directory_iterator entries(folder, error);
    if (error) throw usage_error({folder.string()}, "cannot be read: " + error.message());
    for (const fs::directory_entry& entry : entries) {
      sort(entry, prefix + entry.path().filename().string());
    }
  }

  void sort(const fs::directory_entry& entry, const std::string& name) {
    if (is_systems(entry.path().filename().string())) return hidden_.add(name);
    std::error_code error;
    const fs::file_status status = entry.status(error);
    if (entry.is_symlink() && !fs::exists(status)) {
      throw usage_error(
          {entry.path().string()},
          "is a link that points nowhere, to " + fs::read_symlink(entry.path(), error).string());
    }
    if (fs::is_directory(status)) {
      if (recursive_) return visit(entry.path(), name + "/");
      return folders_.add(name);
    }
    if (!fs::is_regular_file(status)) return others_.add(name);
    const std::string kind = picture_kind(entry.path());
    if (can_be_read(kind)) {
      names_.push_back(name);
    } else if (!kind.empty()) {
      pictures_.add(name + ", " + kind);
    } else if (is_picture_name(entry.path())) {
      // Says what is wrong with it.
      load_picture(entry.path());
    } else {
      others_.add(name);
    }
  }

  std::string text() const {
    std::string text;
    for (const LeftOut* some : {&hidden_, &others_, &pictures_, &folders_}) {
      if (some->count == 0) continue;
      text += (text.empty() ? "" : ", ") + some->text();
      if (some == &folders_) text += "; --recursive takes them in";
    }
    return text;
  }

  const fs::path& folder_;
  bool recursive_;
  std::vector<std::string> names_;
  std::set<fs::path> visited_;
  LeftOut hidden_{"hidden file", "hidden files"},
      others_{"file of another kind", "files of other kinds"},
      pictures_{"picture of a kind that is not read", "pictures of kinds that are not read"},
      folders_{"subfolder", "subfolders"};
};

}  // namespace

std::vector<std::string> pictures_in(const fs::path& folder, bool recursive) {
  return Walk(folder, recursive).take();
}

}  // namespace fdbench
