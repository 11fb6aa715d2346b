// The option names of diffusers' schedulers.
#pragma once

#include <string>
#include <vector>

namespace fdbench {

/// Keys that a scheduler_config.json of some diffusers scheduler for pictures has. Model folders
/// carry keys of other classes (SD 2.1 ships a DDIMScheduler with skip_prk_steps), which diffusers
/// leaves unread.
std::vector<std::string> scheduler_option_names();

/// What an option means, for those that a sampler here reads; "" for others.
std::string scheduler_option_help(const std::string& name);

}  // namespace fdbench
