// Numbers and truths as YAML 1.2's core schema writes them. Config files and the command line read
// them here, so that both take the same and refuse the rest in the same words.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

namespace fdbench {

/// fault: "" or what is wrong, to stand after the value's name: "is -1; it must be at least 0".
template <typename Value>
struct PlainScalar {
  Value value{};
  std::string fault;
};

/// 16, +16, -16, 0x10 or 0o20, in [low, high].
PlainScalar<std::int64_t> plain_whole_number(
    const std::string& text, std::int64_t low = std::numeric_limits<std::int64_t>::min(),
    std::int64_t high = std::numeric_limits<std::int64_t>::max());

/// 0.5, .5, 5., +0.5, 1e3, or a whole number: finite and at least `low`.
PlainScalar<double> plain_number(const std::string& text,
                                 double low = std::numeric_limits<double>::lowest());

/// true, True, TRUE, false, False, FALSE. `yes` and `on` are texts in YAML 1.2: the fault says so.
PlainScalar<bool> plain_truth(const std::string& text);

/// Whether the text has the form of a whole number, or of any number (.inf and .nan among them), of
/// whatever size.
bool is_plain_whole_number(const std::string& text);
bool is_plain_number(const std::string& text);
/// The number of a text that is_plain_number; infinity beyond what a double holds.
double plain_number_value(const std::string& text);

}  // namespace fdbench
