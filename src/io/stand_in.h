// Files that stand where another was wanted: what a broken download leaves behind.
#pragma once

#include <filesystem>
#include <string_view>

#include "core/error.h"

namespace fdbench {

/// Throws a usage error with the remedy when `head`, the first bytes of the file `path` (64 or more
/// where it has them), is a pointer of Git LFS (its file was never fetched) or begins as an HTML or
/// XML page (a download that got a web page). None of fdbench's inputs may begin so.
void refuse_stand_in(const std::filesystem::path& path, std::string_view head);

/// A usage error for a path at which there is nothing: names the link on the way that points
/// nowhere, with its target, where that is why.
Error missing_file(const std::filesystem::path& path);

}  // namespace fdbench
