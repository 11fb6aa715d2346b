// The pictures of a folder, and what in it is none.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace fdbench {

/// Names of the pictures in a folder (with `recursive` in its subfolders, too, as paths below it),
/// in natural order, told by what is in the files. Says what is left out: hidden files (a Mac's
/// `._0.png` among them), files and pictures of other kinds, subfolders. Throws a usage error for a
/// folder without pictures, with what it holds instead, for links that point nowhere, and for a
/// file that is named as a picture and is none.
std::vector<std::string> pictures_in(const std::filesystem::path& folder, bool recursive);

}  // namespace fdbench
