// A look at a file before a library that trusts its files reads it.
#pragma once

#include <filesystem>
#include <functional>

namespace fdbench {

/// Throws a runtime error that names the path for a result file that does not fit its checksum. One
/// that fits is trusted. Of any other libhdf5 (1.10) might never come back, or crash: there `read`
/// runs in a child process first, and a runtime error says so when the child ends with a signal or
/// takes more processor time than `seconds`, and one more for every 5 MB. What `read` throws is
/// left to whoever reads the file in earnest. A file that has not changed is looked at once.
void check_readable(const std::filesystem::path& path, const std::function<void()>& read,
                    unsigned seconds = 5);

}  // namespace fdbench
