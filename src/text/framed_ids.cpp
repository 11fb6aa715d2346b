#include "text/framed_ids.h"

#include "core/error.h"

namespace fdbench {

std::vector<std::int64_t> framed_ids(std::vector<std::int64_t> ids, const FrameTokens& tokens,
                                     std::int64_t length) {
  if (length < 2) throw usage_error("a text needs at least 2 tokens, its start and its end");
  const auto wanted = static_cast<std::size_t>(length);
  ids.insert(ids.begin(), tokens.start);
  if (ids.size() > wanted - 1) ids.resize(wanted - 1);
  ids.push_back(tokens.end);
  ids.resize(wanted, tokens.pad);
  return ids;
}

}  // namespace fdbench
