#include "plan/pattern.h"

#include <string>

#include "core/hash.h"

namespace fdbench {
namespace {

/// Collects numbers as text. Lists go in behind their length, so that no two patterns read alike.
class Pattern {
 public:
  template <typename Number>
  Pattern& operator<<(Number number) {
    text_ += std::to_string(static_cast<long long>(number)) + " ";
    return *this;
  }
  std::uint64_t hash() const { return short_hash(text_); }

 private:
  std::string text_;
};

void add(Pattern& pattern, const Operand& operand) {
  pattern << operand.layer << static_cast<int>(operand.gathering) << operand.repeated
          << operand.unchanged << operand.reused_later << operand.pieces.size();
  for (const std::vector<Piece>& pieces : operand.pieces) {
    pattern << pieces.size();
    for (const Piece& piece : pieces) pattern << piece.position << piece.num_steps;
  }
}

}  // namespace

std::uint64_t pattern_of(std::span<const Op> ops,
                         const std::vector<std::vector<std::size_t>>& states) {
  Pattern pattern;
  for (const Op& op : ops) {
    const std::vector<std::size_t>& positions = states.at(static_cast<std::size_t>(op.state));
    pattern << op.layer << op.inputs.size() << positions.size();
    for (const std::size_t position : positions) pattern << position;
    for (const Operand& input : op.inputs) add(pattern, input);
  }
  return pattern.hash();
}

}  // namespace fdbench
