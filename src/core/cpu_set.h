// Which processors this process may run on.
#pragma once

#include <vector>

namespace fdbench {

/// Binds the calling thread, and all threads that it makes from now on, to these processors,
/// numbered from 0 as the kernel does. Throws a usage error that names the processors that may be
/// used when one of them is not.
void pin_to_cpus(const std::vector<int>& cpus);

}  // namespace fdbench
