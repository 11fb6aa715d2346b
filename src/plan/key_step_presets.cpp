// The named sets of key steps: the paper's tables and appendix, and what the authors' code holds.
#include <algorithm>
#include <functional>
#include <utility>

#include "core/error.h"
#include "plan/key_steps.h"

namespace fdbench {
namespace {

struct Preset {
  const char* name;
  std::function<KeySteps(int num_steps)> make;
};

/// A set made for another number of steps: order -> floor(order * num_steps / its own number).
KeySteps rescale(const KeySteps& original, int num_steps) {
  const int own = static_cast<int>(original.size());
  KeySteps key_steps(num_steps);
  for (int order = 0; order < own; ++order) {
    if (original[order]) key_steps[order * num_steps / own] = true;
  }
  return key_steps;
}

/// steps: in the paper's downward count of a run of `own` steps.
Preset listed(const char* name, int own, std::vector<int> steps) {
  return {name, [own, steps = std::move(steps)](int num_steps) {
            return rescale(key_steps_from_list(steps, own), num_steps);
          }};
}

/// Every k-th step, at any number of steps: the share of key steps is what stays.
Preset uniform(const char* name, int k) {
  return {name, [k](int num_steps) { return uniform_key_steps(k, num_steps); }};
}

/// Every step before `first` and after `last`, every `every`-th in between. All in sampling order
/// of a run of `own` steps.
Preset dense_ends(const char* name, int own, int first, int last, int every) {
  return {name, [=](int num_steps) {
            KeySteps key_steps(own);
            for (int order = 0; order < own; ++order) {
              key_steps[order] = order < first || order > last || order % every == 0;
            }
            return rescale(key_steps, num_steps);
          }};
}

/// The paper's tables 5 and 14 and its appendix on other samplers and tasks. `authors_...`: sets of
/// the authors' code that differ from those the paper prints.
const std::vector<Preset>& presets() {
  static const std::vector<Preset> table = {
      uniform("all", 1),
      uniform("uniform_I", 2),
      uniform("uniform_II", 6),
      uniform("uniform_III", 12),
      listed("non_uniform_I", 50, {50, 40, 39, 38, 30, 25, 20, 15, 5}),
      listed("non_uniform_II", 50, {50, 30, 25, 20, 15, 14, 5, 4, 3}),
      listed("non_uniform_III", 50, {50, 41, 37, 35, 22, 21, 18, 14, 5}),
      listed("non_uniform_IV", 50, {50, 49, 48, 47, 45, 40, 35, 25, 15}),
      listed("sd_ddim", 50, {50, 49, 48, 47, 45, 40, 35, 25, 15}),
      listed("dreambooth", 50, {50, 49, 48, 47, 45, 40, 35, 25, 15, 10}),
      listed("sd_dpm_solver", 20, {20, 19, 18, 17, 15, 10, 5}),
      dense_ends("deepfloyd_stage_1", 100, 10, 85, 5),
      uniform("deepfloyd_stage_2", 1),
      listed("deepfloyd_stage_3", 75, {75, 73, 70, 66, 61, 55, 48, 40, 31, 21, 10}),
      listed("authors_non_uniform_I", 50, {50, 40, 39, 38, 35, 30, 25, 20, 15, 5}),
      listed("authors_non_uniform_II", 50, {50, 30, 25, 20, 15, 5, 4, 3, 2, 1}),
      listed("authors_non_uniform_III", 50, {50, 41, 37, 36, 35, 22, 21, 18, 14, 5}),
      dense_ends("authors_deepfloyd_stage_2", 50, 20, 40, 2),
      dense_ends("authors_deepfloyd_stage_3", 75, 10, 65, 5),
  };
  return table;
}

}  // namespace

KeySteps preset_key_steps(const std::string& name, int num_steps) {
  if (num_steps < 1) {
    throw usage_error("steps must be at least 1, not " + std::to_string(num_steps));
  }
  for (const Preset& preset : presets()) {
    if (name == preset.name) return preset.make(num_steps);
  }
  throw usage_error("key steps '" + name + "' are not known" + advice(name, preset_names()));
}

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const Preset& preset : presets()) names.push_back(preset.name);
  return names;
}

std::string authors_preset(const std::string& name) {
  const std::string own = "authors_" + name;
  const std::vector<std::string> names = preset_names();
  return std::find(names.begin(), names.end(), own) == names.end() ? name : own;
}

}  // namespace fdbench
