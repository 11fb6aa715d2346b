// Token ids of a text as a network of fixed length reads them.
#pragma once

#include <cstdint>
#include <vector>

namespace fdbench {

/// Tokens around a text and behind it.
struct FrameTokens {
  std::int64_t start = 0, end = 0, pad = 0;
};

/// start, ids, end; of too many ids the first ones, of too few filled up with pad: `length` in all.
/// Throws a usage error for a length below 2.
std::vector<std::int64_t> framed_ids(std::vector<std::int64_t> ids, const FrameTokens& tokens,
                                     std::int64_t length);

}  // namespace fdbench
