// Key steps: the steps at which everything is computed. Kept as a mask in sampling order (step 0 is
// the noisiest).
#pragma once

#include <span>
#include <string>
#include <vector>

namespace fdbench {

/// mask[i]: step i in sampling order is a key step. The first step always is.
using KeySteps = std::vector<bool>;

/// Every k-th step, beginning with the first (the paper's uniform strategies). k >= 1.
KeySteps uniform_key_steps(int k, int num_steps);

/// From a list in the paper's downward count: num_steps is the first step sampled, 1 the last
/// (order = num_steps - step). Throws a usage error for a step outside 1..num_steps, a repeated
/// step, and a list without the first step.
KeySteps key_steps_from_list(std::span<const int> steps, int num_steps);

/// From a mask as long as the run; the first entry must be set.
KeySteps key_steps_from_mask(std::span<const int> mask, int num_steps);

/// A named set of the paper ("uniform_I" ... "non_uniform_IV", "sd_ddim", "dreambooth",
/// "sd_dpm_solver", "all"). The uniform ones keep their distance at any number of steps; a listed
/// one is rescaled from its own number of steps T0 by order -> floor(order * num_steps / T0).
KeySteps preset_key_steps(const std::string& name, int num_steps);
std::vector<std::string> preset_names();

/// As a user writes them on the command line: a list "50,49,48" in the paper's downward count,
/// "uniform:6", or a preset's name.
KeySteps parse_key_steps(const std::string& text, int num_steps);

/// The list in the paper's downward count, for files and messages.
std::vector<int> downward_list(const KeySteps& key_steps);
int num_key_steps(const KeySteps& key_steps);

}  // namespace fdbench
