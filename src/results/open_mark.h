// HDF5's own mark of a file that a program has open for writing, and its lock.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "results/checksum_line.h"

namespace fdbench {

/// Whether an HDF5 file carries the mark (its file consistency flags): a program has it open for
/// writing, or ended without closing it.
bool is_marked_open(std::string_view bytes);

/// `wholeness` of a marked file as it was before the mark.
Wholeness wholeness_without_mark(std::string_view what, std::string_view bytes);

/// "was opened for writing by a program that did not close it", with the remedy.
std::string left_open_text(const std::string& path);

/// Throws a runtime error when another program has locked the file, as HDF5 does while it writes.
/// A file system without locks is no error.
void check_is_unlocked(const std::filesystem::path& path);

}  // namespace fdbench
