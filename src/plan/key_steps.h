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

/// Key steps at both ends of a run, and reuse in between that never lasts long.
struct FractionKeySteps {
  /// Share of the run before which every step is a key step.
  double start = 0;
  /// Share of the run from which every step is a key step again.
  double end = 1;
  /// Most steps in a row that reuse.
  int max_run = 1;
};

/// Step i of N lies at i / N of the run. Throws a usage error unless 0 <= start < end <= 1 and
/// max_run >= 1.
KeySteps fraction_key_steps(const FractionKeySteps& fraction, int num_steps);
/// "fraction_0.1_0.9_4", for names of runs.
std::string fraction_label(const FractionKeySteps& fraction);

/// A named set: of the paper ("uniform_I" ... "non_uniform_IV", "sd_ddim", "dreambooth",
/// "sd_dpm_solver", "deepfloyd_stage_1", "deepfloyd_stage_3"), of the authors' code where it
/// differs from the paper ("authors_non_uniform_I" ...), or "all". The uniform ones keep their
/// distance at any number of steps; a listed one is rescaled from its own number of steps T0 by
/// order -> floor(order * num_steps / T0).
KeySteps preset_key_steps(const std::string& name, int num_steps);
std::vector<std::string> preset_names();
/// The set that the authors' code holds under the name of one of the paper's; the same name where
/// both are one, or where it names none.
std::string authors_preset(const std::string& name);

/// Key steps with a short name for the run ("non_uniform_IV", "uniform_6", "9_keys").
struct NamedKeySteps {
  KeySteps key_steps;
  std::string label;
};

/// As a user writes them in one word: a list "50,49,48" in the paper's downward count, "uniform:6",
/// "fraction:0.1-0.9:4" (start, end, max_run), or a preset's name.
NamedKeySteps named_key_steps(const std::string& text, int num_steps);
KeySteps parse_key_steps(const std::string& text, int num_steps);
/// "9_keys": of a list without a name.
std::string count_label(const KeySteps& key_steps);

/// The list in the paper's downward count, for files and messages.
std::vector<int> downward_list(const KeySteps& key_steps);
int num_key_steps(const KeySteps& key_steps);

}  // namespace fdbench
