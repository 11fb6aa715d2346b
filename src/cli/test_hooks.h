// What tests ask of the program by environment variables.
#pragma once

#include "denoisers/load_denoiser.h"

namespace fdbench {

/// Makes the decoder slower by the share that FDBENCH_SLOW_DECODER names ("0.05": 5%), for tests of
/// the gate; empty without it. Throws a usage error for anything but a number in [0, 10].
DenoiserChange slowed_decoder_hook();

}  // namespace fdbench
