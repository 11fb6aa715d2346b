#include "text/cut_prompts.h"

#include <algorithm>

#include "text/unicode.h"

namespace fdbench {
namespace {

constexpr std::size_t kShownBytes = 40;

/// Its beginning, in quotes.
std::string shown(std::string text) {
  if (text.size() > kShownBytes) {
    std::size_t end = kShownBytes;
    // Whole letters.
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end) + "...";
  }
  return "'" + valid_utf8(text) + "'";
}

}  // namespace

std::string about_cut_prompts(const Tokenizer& tokenizer, std::int64_t limit,
                              const std::vector<std::string>& prompts) {
  std::size_t count = 0, longest = 0;
  std::int64_t most = 0;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const std::int64_t tokens = tokenizer.count(prompts[i]);
    if (tokens <= limit) continue;
    ++count;
    if (tokens <= most) continue;
    most = tokens;
    longest = i;
  }
  if (count == 0) return "";
  const std::string& prompt = prompts[longest];
  const std::string what = shown(prompt) + " has " + std::to_string(most) +
                           " tokens: " + std::to_string(most - limit) +
                           " of them, beyond the limit of " + std::to_string(limit) +
                           ", are cut, from " + shown(tokenizer.text_beyond(prompt, limit)) + " on";
  if (prompts.size() == 1) return "the prompt " + what;
  return std::to_string(count) + " of " + std::to_string(prompts.size()) +
         " prompts are too long for the text encoder and are cut; the longest, prompt " +
         std::to_string(longest + 1) + ", " + what;
}

}  // namespace fdbench
