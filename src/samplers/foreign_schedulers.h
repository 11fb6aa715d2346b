// Schedulers of diffusers that fdbench does not have, and what may stand in for them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace fdbench {

/// Throws a usage error when a folder's scheduler says that its network was trained for something
/// that no sampler of fdbench gives it: EDM's noise levels, flow matching, continuous times (but
/// for Euler), distillation to one scheduler. sampler: the name or class that is to run ("" for the
/// folder's own).
void refuse_other_training(const nlohmann::json& scheduler_config, const std::string& sampler);

/// For a scheduler that fdbench lacks, the sampler that solves the same equation on the same noise
/// schedule, such as "euler" for HeunDiscreteScheduler; "" where there is none.
std::string related_sampler(const std::string& class_name);

}  // namespace fdbench
