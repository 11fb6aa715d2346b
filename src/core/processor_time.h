// Clocks of what the processor did, which waiting for a busy core does not lengthen.
#pragma once

namespace fdbench {

/// Processor time [s] of the calling thread so far.
double thread_processor_seconds();
/// Processor time [s] of all threads of this process so far.
double process_processor_seconds();

}  // namespace fdbench
