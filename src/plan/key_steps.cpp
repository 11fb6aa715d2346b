#include "plan/key_steps.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "core/error.h"
#include "core/number_text.h"
#include "core/plain_scalar.h"

namespace fdbench {
namespace {

/// 0.07 * 100 is a little more than 7.
constexpr double kRounding = 1e-9;
constexpr std::string_view kUniform = "uniform:", kFraction = "fraction:";

void check_num_steps(int num_steps) {
  if (num_steps < 1)
    throw usage_error("steps must be at least 1, not " + std::to_string(num_steps));
}

/// A whole number, or a usage error.
int parse_step(std::string_view text) {
  constexpr int kMost = 1'000'000;
  if (!is_plain_whole_number(std::string(text))) {
    throw usage_error("key step '" + std::string(text) + "' is not a whole number");
  }
  const auto step = plain_whole_number(std::string(text), -kMost, kMost);
  if (!step.fault.empty()) throw usage_error("a key step " + step.fault);
  return static_cast<int>(step.value);
}

/// A number, or a usage error.
double parse_number(std::string_view text) {
  if (is_plain_number(std::string(text))) return plain_number_value(std::string(text));
  throw usage_error("'" + std::string(text) + "' in the key steps is not a number");
}

/// The dash between two numbers, either of which may have one in its exponent.
std::size_t dash_between(std::string_view range) {
  const std::size_t first = range.find('-', 1);
  for (std::size_t dash = first; dash != std::string_view::npos; dash = range.find('-', dash + 1)) {
    const bool fits = is_plain_number(std::string(range.substr(0, dash))) &&
                      is_plain_number(std::string(range.substr(dash + 1)));
    if (fits) return dash;
  }
  return first;
}

/// "0.1-0.9:4", what follows "fraction:".
FractionKeySteps parse_fraction(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::size_t dash = dash_between(text.substr(0, colon));
  if (dash == std::string_view::npos || colon == std::string_view::npos) {
    throw usage_error("key steps 'fraction:" + std::string(text) +
                      "' want the form fraction:START-END:MAX_RUN, such as fraction:0.1-0.9:4");
  }
  return {parse_number(text.substr(0, dash)), parse_number(text.substr(dash + 1, colon - dash - 1)),
          parse_step(text.substr(colon + 1))};
}

/// First step in sampling order that lies at `fraction` of the run or after it.
int first_step_at(double fraction, int num_steps) {
  return static_cast<int>(std::ceil(fraction * num_steps - kRounding));
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

KeySteps fraction_key_steps(const FractionKeySteps& fraction, int num_steps) {
  check_num_steps(num_steps);
  const auto [start, end, max_run] = fraction;
  for (const double value : {start, end}) {
    if (value >= 0 && value <= 1) continue;
    throw usage_error("start and end are fractions of the run, 0 to 1, not " + number_text(value));
  }
  if (start >= end) {
    throw usage_error("start " + number_text(start) + " must be below end " + number_text(end));
  }
  if (max_run < 1) {
    throw usage_error("max_run must be at least 1, not " + std::to_string(max_run));
  }
  const int begin = std::max(first_step_at(start, num_steps), 1);
  const int stop = first_step_at(end, num_steps);
  KeySteps key_steps(num_steps, true);
  for (int order = begin; order < stop; ++order) {
    key_steps[order] = (order - begin) % (max_run + 1) == max_run;
  }
  return key_steps;
}

std::string fraction_label(const FractionKeySteps& fraction) {
  return "fraction_" + number_text(fraction.start) + "_" + number_text(fraction.end) + "_" +
         std::to_string(fraction.max_run);
}

NamedKeySteps named_key_steps(const std::string& text, int num_steps) {
  if (text.starts_with(kFraction)) {
    const auto fraction = parse_fraction(std::string_view(text).substr(kFraction.size()));
    return {fraction_key_steps(fraction, num_steps), fraction_label(fraction)};
  }
  if (text.starts_with(kUniform)) {
    const int k = parse_step(std::string_view(text).substr(kUniform.size()));
    if (k > num_steps) {
      throw usage_error("key steps '" + text + "': the distance must be at most the " +
                        std::to_string(num_steps) + " steps");
    }
    return {uniform_key_steps(k, num_steps), "uniform_" + std::to_string(k)};
  }
  const bool is_list = text.find_first_not_of("0123456789-+., ") == std::string::npos;
  if (!is_list) return {preset_key_steps(text, num_steps), text};
  std::vector<int> steps;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    const std::size_t digits = std::min(text.find_first_not_of(' ', begin), comma);
    steps.push_back(parse_step(std::string_view(text).substr(digits, comma - digits)));
    begin = comma + 1;
  }
  const KeySteps key_steps = key_steps_from_list(steps, num_steps);
  return {key_steps, count_label(key_steps)};
}

KeySteps parse_key_steps(const std::string& text, int num_steps) {
  return named_key_steps(text, num_steps).key_steps;
}

std::string count_label(const KeySteps& key_steps) {
  return std::to_string(num_key_steps(key_steps)) + "_keys";
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
