#include "core/hash.h"

#include <xxhash.h>

#include <cinttypes>
#include <cstdio>

namespace fdbench {

std::string content_hash(const void* data, std::size_t size) {
  const XXH128_hash_t hash = XXH3_128bits(data, size);
  char text[33];
  std::snprintf(text, sizeof text, "%016" PRIx64 "%016" PRIx64,
                static_cast<std::uint64_t>(hash.high64), static_cast<std::uint64_t>(hash.low64));
  return text;
}

std::string content_hash(std::string_view bytes) {
  return content_hash(bytes.data(), bytes.size());
}

std::uint64_t short_hash(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

}  // namespace fdbench
