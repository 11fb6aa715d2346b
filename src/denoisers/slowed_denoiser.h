// A fault to be found: a network of which one part takes longer than it has to.
#pragma once

#include <memory>

#include "models/denoiser.h"

namespace fdbench {

/// The same network, except that after each layer of the decoder its thread spins for `share` of
/// the processor time that it spent in the layer. Outputs are those of `denoiser`.
std::unique_ptr<Denoiser> slow_decoder(std::unique_ptr<Denoiser> denoiser, double share);

}  // namespace fdbench
