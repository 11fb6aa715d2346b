// What a program costs in multiply-adds.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/denoiser.h"
#include "plan/program.h"

namespace fdbench {

/// Multiply-adds of each layer over all steps, with the savings that the program was compiled with.
/// costs: of each layer for one call (with guidance: for both halves). guided: the batch is
/// [unconditional; conditional]. refreshes: by step, where a rule decides during the run: true
/// where it computed everything; empty: the most that can happen.
std::vector<std::int64_t> program_cost(const Program& program, std::span<const LayerInfo> layers,
                                       std::span<const LayerCost> costs, bool guided,
                                       const std::vector<bool>& refreshes = {});

}  // namespace fdbench
