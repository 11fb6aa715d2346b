// The two readings of the paper's method: what the paper says, and what the authors' code does.
#pragma once

#include <string>
#include <vector>

namespace fdbench {

/// They differ in named sets of key steps (authors_preset) and in prior noise injection
/// (execution/noise_injection.h); the authors' code is hutaiHang/Faster-Diffusion, commit d64bfed.
enum class Variant { kPaper, kAuthors };

Variant parse_variant(const std::string& name);
/// "paper", "authors".
std::string variant_name(Variant variant);
/// What parse_variant takes.
std::vector<std::string> variant_names();

}  // namespace fdbench
