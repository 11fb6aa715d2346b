#include "propagation/key_steps.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <string_view>
#include <utility>

#include "core/error.h"

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

/// DeepFloyd-IF's first stage: above 85 and below 15 every step, every fifth in between.
KeySteps deepfloyd_stage_1() {
  KeySteps key_steps(100);
  for (int step = 1; step <= 100; ++step) {
    key_steps[100 - step] = step >= 90 || step < 15 || step % 5 == 0;
  }
  return key_steps;
}

/// The paper's tables 5 and 14 and its appendix on other samplers and tasks.
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
      {"deepfloyd_stage_1", [](int num_steps) { return rescale(deepfloyd_stage_1(), num_steps); }},
      listed("deepfloyd_stage_3", 75, {75, 73, 70, 66, 61, 55, 48, 40, 31, 21, 10}),
  };
  return table;
}

void check_num_steps(int num_steps) {
  if (num_steps < 1)
    throw usage_error("steps must be at least 1, not " + std::to_string(num_steps));
}

/// A whole number, or a usage error.
int parse_step(std::string_view text) {
  int value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault == std::errc() && end == text.data() + text.size()) return value;
  throw usage_error("key step '" + std::string(text) + "' is not a whole number");
}

std::string counting(int num_steps) {
  return "key steps count downward, " + std::to_string(num_steps) + " is the first one sampled";
}

}  // namespace

KeySteps uniform_key_steps(int k, int num_steps) {
  check_num_steps(num_steps);
  if (k < 1) {
    throw usage_error("uniform key steps need a distance of at least 1, not " + std::to_string(k));
  }
  KeySteps key_steps(num_steps);
  for (int order = 0; order < num_steps; ++order) key_steps[order] = order % k == 0;
  return key_steps;
}

KeySteps key_steps_from_list(std::span<const int> steps, int num_steps) {
  check_num_steps(num_steps);
  KeySteps key_steps(num_steps);
  for (const int step : steps) {
    const std::string name = "key step " + std::to_string(step);
    if (step < 1 || step > num_steps) {
      throw usage_error(name + " is outside 1.." + std::to_string(num_steps) + "; " +
                        counting(num_steps));
    }
    if (key_steps[num_steps - step]) throw usage_error(name + " is listed twice");
    key_steps[num_steps - step] = true;
  }
  if (!key_steps[0]) {
    throw usage_error("the list has no key step " + std::to_string(num_steps) +
                      ", at which there is nothing to reuse yet; " + counting(num_steps));
  }
  return key_steps;
}

KeySteps key_steps_from_mask(std::span<const int> mask, int num_steps) {
  check_num_steps(num_steps);
  if (mask.size() != static_cast<std::size_t>(num_steps)) {
    throw usage_error("the mask of key steps has " + std::to_string(mask.size()) + " entries for " +
                      std::to_string(num_steps) + " steps");
  }
  KeySteps key_steps;
  for (const int entry : mask) {
    if (entry != 0 && entry != 1) {
      throw usage_error("a mask of key steps holds 0 and 1, not " + std::to_string(entry));
    }
    key_steps.push_back(entry == 1);
  }
  if (!key_steps[0]) {
    throw usage_error(
        "the mask of key steps must begin with 1: at the first step there is nothing "
        "to reuse yet");
  }
  return key_steps;
}

KeySteps preset_key_steps(const std::string& name, int num_steps) {
  check_num_steps(num_steps);
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

KeySteps parse_key_steps(const std::string& text, int num_steps) {
  constexpr std::string_view kUniform = "uniform:";
  if (text.starts_with(kUniform)) {
    return uniform_key_steps(parse_step(std::string_view(text).substr(kUniform.size())), num_steps);
  }
  const bool is_list = text.find_first_not_of("0123456789-+., ") == std::string::npos;
  if (!is_list) return preset_key_steps(text, num_steps);
  std::vector<int> steps;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    const std::size_t digits = std::min(text.find_first_not_of(' ', begin), comma);
    steps.push_back(parse_step(std::string_view(text).substr(digits, comma - digits)));
    begin = comma + 1;
  }
  return key_steps_from_list(steps, num_steps);
}

std::vector<int> downward_list(const KeySteps& key_steps) {
  std::vector<int> steps;
  const int num_steps = static_cast<int>(key_steps.size());
  for (int order = 0; order < num_steps; ++order) {
    if (key_steps[order]) steps.push_back(num_steps - order);
  }
  return steps;
}

int num_key_steps(const KeySteps& key_steps) {
  return static_cast<int>(std::count(key_steps.begin(), key_steps.end(), true));
}

}  // namespace fdbench
