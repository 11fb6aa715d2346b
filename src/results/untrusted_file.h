// Files that libhdf5 might not survive.
#pragma once

#include <filesystem>
#include <functional>

namespace fdbench {

/// libhdf5 (1.10) crashes on some damaged files, and never comes back from others. Runs `read` in a
/// child process first, so that this one learns of it in time. What `read` throws is left to
/// whoever reads the file in earnest. Does nothing for a file that fits its checksum, or that this
/// process has looked at already. Throws a runtime error that names the path when the child ends
/// with a signal or takes longer than `seconds`.
void check_survives(const std::filesystem::path& path, const std::function<void()>& read,
                    unsigned seconds = 20);

}  // namespace fdbench
